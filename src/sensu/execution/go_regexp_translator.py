r"""The JavaScript that turns Go's regular expressions into ECMAScript's, for the sandbox and for checks of syntax.

`TRANSLATOR` evaluates to a function of the engine's own RegExp and Reflect.apply, which makes `translate(pattern,
flags)`. That gives `{source, flags}` for `new RegExp`, or `{fault, at}`: what is wrong, in Go's words, and after
how many characters of the pattern. Patterns mean what they mean in Go (package regexp/syntax); lookaround,
back-references, `\cX`, `\uXXXX` and `[\b]` of ECMAScript are taken as well. Translating a translated pattern keeps its
meaning.
Only ES5's library is used, because the sandbox has no other.
"""

TRANSLATOR = r"""
(function (Native, apply) {
  'use strict';
  var LAST = 0x10FFFF, REPEATS_MAX = 1000, DEPTH_MAX = 200,
      code = String.prototype.charCodeAt, character = String.fromCharCode, lower = String.prototype.toLowerCase,
      upper = String.prototype.toUpperCase, test = Native.prototype.test;
  var DIGIT = [[48, 57]], WORD = [[48, 57], [65, 90], [95, 95], [97, 122]],
      SPACE = [[9, 10], [12, 13], [32, 32]], ALPHA = [[65, 90], [97, 122]],
      PERL = { d: DIGIT, w: WORD, s: SPACE },
      POSIX = { alnum: [[48, 57], [65, 90], [97, 122]], alpha: ALPHA, ascii: [[0, 127]], blank: [[9, 9], [32, 32]],
        cntrl: [[0, 31], [127, 127]], digit: DIGIT, graph: [[33, 126]], lower: [[97, 122]], print: [[32, 126]],
        punct: [[33, 47], [58, 64], [91, 96], [123, 126]], space: [[9, 13], [32, 32]], upper: [[65, 90]], word: WORD,
        xdigit: [[48, 57], [65, 70], [97, 102]] },
      CONTROLS = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

  function Fault(why, at) { this.fault = why; this.at = at; }

  function charactersOf(text) {
    var found = [], i, one, next;
    for (i = 0; i < text.length; i++) {
      one = apply(code, text, [i]);
      next = i + 1 < text.length ? apply(code, text, [i + 1]) : 0;
      if (one >= 0xD800 && one < 0xDC00 && next >= 0xDC00 && next < 0xE000) found[found.length] = text[i] + text[++i];
      else found[found.length] = text[i];
    }
    return found;
  }
  function codeOf(one) {
    var high = apply(code, one, [0]);
    return one.length === 2 ? (high - 0xD800) * 0x400 + apply(code, one, [1]) - 0xDC00 + 0x10000 : high;
  }
  function textOf(point) {
    return point > 0xFFFF
      ? character(0xD800 + ((point - 0x10000) >> 10), 0xDC00 + ((point - 0x10000) & 0x3FF)) : character(point);
  }
  function isWord(one) { return one !== undefined && one.length === 1 && matches('^[0-9A-Za-z_]$', one); }
  function isLetter(one) { return one !== undefined && one.length === 1 && matches('^[A-Za-z]$', one); }
  function matches(pattern, one) { return apply(test, new Native(pattern), [one]); }
  function has(holder, key) { return apply(owns, holder, [key]); }
  var owns = Object.prototype.hasOwnProperty;

  function hexadecimal(point, digits) {
    var made = '', i;
    for (i = 0; i < digits; i++) { made = '0123456789abcdef'[point & 15] + made; point >>= 4; }
    return made;
  }
  function escaped(point) {
    var one = textOf(point);
    if (isWord(one) || point === 32) return one;
    if (point > 0xFFFF) return '\\u{' + hexadecimal(point, 6) + '}';
    if (point > 0x7F) return point > 0xBF && point < 0x2000 ? one : '\\u' + hexadecimal(point, 4);
    if (point === 10) return '\\n';
    return matches('^[\\^$.*+?()[\\]{}|/\\\\]$', one) ? '\\' + one
      : matches('^[!-~]$', one) && one !== '-' ? one : '\\x' + hexadecimal(point, 2);
  }
  function hasCase(point) {
    var one = textOf(point);
    return apply(lower, one, []) !== one || apply(upper, one, []) !== one;
  }

  function complement(ranges, fold) {
    var sorted = ranges.slice(), made = [], next = 0, i;
    if (fold) {  // letters beyond ASCII that are equal to ASCII's but for their case
      if (covers(ranges, 75) || covers(ranges, 107)) sorted[sorted.length] = [0x212A, 0x212A];
      if (covers(ranges, 83) || covers(ranges, 115)) sorted[sorted.length] = [0x17F, 0x17F];
    }
    sorted.sort(function (one, other) { return one[0] - other[0]; });
    for (i = 0; i < sorted.length; i++) {
      if (sorted[i][0] > next) made[made.length] = [next, sorted[i][0] - 1];
      if (sorted[i][1] >= next) next = sorted[i][1] + 1;
    }
    if (next <= LAST) made[made.length] = [next, LAST];
    return made;
  }
  function covers(ranges, point) {
    for (var i = 0; i < ranges.length; i++) if (ranges[i][0] <= point && point <= ranges[i][1]) return true;
    return false;
  }
  function areCased(ranges) {
    for (var i = 0; i < ranges.length; i++)
      if (ranges[i][1] > 127 || (ranges[i][0] <= 122 && ranges[i][1] >= 97) ||
          (ranges[i][0] <= 90 && ranges[i][1] >= 65)) return true;
    return false;
  }

  function Reader(pattern, multiline) {
    this.text = charactersOf(pattern);
    this.at = 0;
    this.depth = 0;
    this.multiline = multiline;
    this.pieces = [];  // texts; {text, fold} where letters are compared; {text} for the edges of ASCII's words
    this.names = {};
    this.groups = 0;
    this.highest = 0;  // of the groups that are referred back to
  }
  var reader = Reader.prototype;

  reader.from = function (start) { return this.text.slice(start, this.at).join(''); };
  reader.fail = function (why, start) { throw new Fault(why + ': `' + this.from(start) + '`', start); };
  reader.failRest = function (why, start) { this.at = this.text.length; this.fail(why, start); };
  reader.put = function (piece) { this.pieces[this.pieces.length] = piece; };
  reader.literal = function (point, flags) {
    this.put(hasCase(point) ? { text: escaped(point), fold: flags.i } : escaped(point));
  };
  reader.starts = function (line) { return this.text.slice(this.at, this.at + line.length).join('') === line; };

  // All alternatives up to the end of the group; gives how often the most repeated part is repeated.
  reader.alternatives = function (flags) {
    var most = 1;
    if (++this.depth > DEPTH_MAX) throw new Fault('expression nests too deeply', this.at);
    while (this.at < this.text.length && this.text[this.at] !== ')') {
      if (this.text[this.at] === '|') { this.put('|'); this.at++; }
      else most = Math_max(most, this.term(flags));
    }
    this.depth--;
    return most;
  };
  var Math_max = Math.max;

  reader.term = function (flags) {
    var start = this.at, first = this.pieces.length, atom = this.atom(flags), from = this.at, count, lazy;
    if (!atom) return 1;
    count = this.quantifier();
    if (!count) return atom.repeats || 1;
    lazy = this.text[this.at] === '?';
    if (lazy) this.at++;
    var again = this.at;
    if (this.quantifier()) this.fail('invalid nested repetition operator', from);
    this.at = again;
    if (count.most * (atom.repeats || 1) > REPEATS_MAX) this.fail('invalid repeat count', from);
    if (atom.last) first = this.pieces.length - 1;
    if (atom.width === 0) { this.pieces.splice(first, 0, '(?:'); this.put(')'); }
    this.put(count.text + (lazy !== flags.U ? '?' : ''));
    return count.most * (atom.repeats || 1);
  };

  // A repetition operator that is next: its text and highest count; nothing where there is none.
  reader.quantifier = function () {
    var one = this.text[this.at], start = this.at, low, high;
    if (one === '*' || one === '+' || one === '?') { this.at++; return { text: one, most: 1 }; }
    if (one !== '{') return null;
    this.at++;
    low = high = this.number();
    if (low !== null && this.text[this.at] === ',') {
      this.at++;
      high = this.text[this.at] === '}' ? Infinity : this.number();
    }
    if (low === null || high === null || this.text[this.at] !== '}') { this.at = start; return null; }
    this.at++;
    if (low > REPEATS_MAX || (high > REPEATS_MAX && high !== Infinity) || low > high)
      this.fail('invalid repeat count', start);
    return { text: this.from(start), most: Math_max(1, high === Infinity ? low : high) };
  };
  reader.number = function () {
    var value = 0, start = this.at;
    while (this.at < this.text.length && matches('^[0-9]$', this.text[this.at]))
      value = value * 10 + (codeOf(this.text[this.at++]) - 48);
    return this.at === start || (this.at - start > 1 && this.text[start] === '0') || value > 1e8 ? null : value;
  };

  // One unit that can be repeated; nothing for a change of flags.
  reader.atom = function (flags) {
    var start = this.at, one = this.text[this.at];
    if (one === '(') return this.group(flags);
    if (one === '[') return this.bracket(flags);
    if (one === '\\') return this.escape(flags);
    if (this.quantifier()) this.fail('missing argument to repetition operator', start);
    this.at++;
    if (one === '.') this.put(flags.s ? '[\\s\\S]' : '[^\\n]');
    else if (one === '^') { this.put(this.begin(flags.m)); return { width: 0 }; }
    else if (one === '$') { this.put(this.end(flags.m)); return { width: 0 }; }
    else this.literal(codeOf(one), flags);
    return {};
  };
  reader.begin = function (ofLine) { return ofLine ? '(?<![^\\n])' : this.multiline ? '(?<![\\s\\S])' : '^'; };
  reader.end = function (ofLine) { return ofLine ? '(?![^\\n])' : this.multiline ? '(?![\\s\\S])' : '$'; };

  reader.group = function (flags) {
    var start = this.at, inner = { i: flags.i, m: flags.m, s: flags.s, U: flags.U }, opening = '(', width, repeats;
    this.at++;
    if (this.text[this.at] === '?') {
      this.at++;
      if (this.starts('P<') || (this.starts('<') && !this.starts('<=') && !this.starts('<!')))
        opening = this.name(start);
      else if (this.starts('=') || this.starts('!') || this.starts('<')) {
        width = 0;
        if (this.text[this.at] === '<') this.at++;
        this.at++;
        opening = this.from(start);
      } else if (this.flags(start, inner)) opening = '(?:';
      else {
        flags.i = inner.i; flags.m = inner.m; flags.s = inner.s; flags.U = inner.U;
        return null;
      }
    } else this.groups++;
    this.put(opening);
    repeats = this.alternatives(inner);
    if (this.text[this.at] !== ')') throw new Fault('missing closing ): `' + this.text.join('') + '`', start);
    this.at++;
    this.put(')');
    return { width: width, repeats: repeats };
  };
  reader.name = function (start) {
    var begin, name;
    if (this.text[this.at] === 'P') this.at++;
    begin = ++this.at;
    while (isWord(this.text[this.at])) this.at++;
    name = this.from(begin);
    if (this.text[this.at] !== '>' || !name) {
      while (this.at < this.text.length && this.text[this.at++] !== '>');
      this.fail('invalid named capture', start);
    }
    this.at++;
    this.groups++;
    if (has(this.names, name)) return '(';  // Go allows names twice, ECMAScript does not
    this.names[name] = this.groups;
    return matches('^[0-9]', name) ? '(' : '(?<' + name + '>';
  };
  // Reads what stands between `(?` and `:` or `)`; whether a group follows.
  reader.flags = function (start, flags) {
    var on = true, some = false;
    for (; this.at < this.text.length; this.at++) {
      var one = this.text[this.at];
      if (one === ':' || one === ')') {
        if (!on && !some) break;
        this.at++;
        return one === ':';
      }
      if (one === '-' && on) { on = false; some = false; }
      else if (one === 'i' || one === 'm' || one === 's' || one === 'U') { flags[one] = on; some = true; }
      else break;
    }
    if (this.at < this.text.length) this.at++;
    this.fail('invalid or unsupported Perl syntax', start);
  };

  reader.escape = function (flags) {
    var start = this.at, one = this.text[this.at + 1];
    if (one === undefined) throw new Fault('trailing backslash at end of expression', start);
    if (one === 'A' || one === 'z') {
      this.at += 2;
      this.put(one === 'A' ? this.begin(false) : this.end(false));
      return { width: 0 };
    }
    if (one === 'b' || one === 'B') { this.at += 2; this.put({ text: '\\' + one }); return { width: 0 }; }
    if (one === 'Q') return this.quoted(flags);
    if (one === 'k' || matches('^[1-9]$', one)) {
      var group = this.reference();
      if (group) {
        if (group > this.highest) { this.highest = group; this.highestAt = start; this.highestEnd = this.at; }
        this.put({ text: '(?:\\' + group + ')', fold: flags.i });
        return {};
      }
    }
    var set = this.charactersClass(flags.i);
    if (set) this.set([set], false, flags);
    else this.literal(this.point(), flags);
    return {};
  };
  reader.quoted = function (flags) {
    var first = this.pieces.length;
    this.at += 2;
    while (this.at < this.text.length && !this.starts('\\E')) this.literal(codeOf(this.text[this.at++]), flags);
    if (this.at < this.text.length) this.at += 2;
    return this.pieces.length > first ? { last: true } : null;
  };
  // The number of the group that is referred back to; nothing, and nothing read, where it is none.
  reader.reference = function () {
    var start = this.at, name;
    this.at += 2;
    if (this.text[start + 1] === 'k') {
      if (this.text[this.at] === '<') {
        while (isWord(this.text[++this.at]));
        name = this.text.slice(start + 3, this.at).join('');
        if (this.text[this.at] === '>' && has(this.names, name)) { this.at++; return this.names[name]; }
      }
    } else if (this.octal(start + 1) === null) {  // of several digits, Go makes a character
      this.at = start + 1;
      return this.number() || 0;
    }
    this.at = start;
    return 0;
  };
  // `\d`, `\pL` and their like: ranges, or a property of the engine; nothing, and nothing read, for other escapes.
  reader.charactersClass = function (fold) {
    var start = this.at, one = this.text[this.at + 1], small = one && apply(lower, one, []);
    if (isLetter(one) && has(PERL, small)) {
      this.at += 2;
      return { ranges: one === small ? PERL[small] : complement(PERL[small], fold) };
    }
    if (small !== 'p' || !isLetter(one)) return null;
    this.at += 2;
    var begin = this.at, negative = one === 'P', name;
    if (this.text[this.at] === '{') {
      while (this.at < this.text.length && this.text[this.at] !== '}') this.at++;
      name = this.from(++begin);
      this.at++;
    } else name = this.text[this.at++] || '';
    if (name[0] === '^') { negative = !negative; name = name.slice(1); }
    if (name === 'Any') return { ranges: negative ? [] : [[0, LAST]] };
    return { property: this.property(name, start), negative: negative };
  };
  reader.property = function (name, start) {
    var script = name.slice(0, 7) === 'Script=' ? name.slice(7) : name.length > 2 ? name : '';
    if (matches('^[A-Za-z_=]+$', name)) {
      var known = script ? 'Script=' + script : name;
      try { new Native('\\p{' + known + '}', 'u'); return '{' + known + '}'; } catch (unknown) { /* reported below */ }
    }
    this.at = this.at > this.text.length ? this.text.length : this.at;
    this.fail('invalid character class range', start);
  };

  // One character that an escape stands for.
  reader.point = function () {
    var start = this.at, one = this.text[this.at + 1], value;
    this.at += 2;
    if (one !== undefined) {
      if (has(CONTROLS, one)) return CONTROLS[one];
      if (matches('^[0-7]$', one)) { value = this.octal(start + 1); if (value !== null) return value; }
      else if (one === 'x') { value = this.hex(2); if (value !== null) return value; }
      else if (one === 'u') { value = this.hex(4); if (value !== null) return this.joined(value); }
      else if (one === 'c' && isLetter(this.text[this.at])) return codeOf(this.text[this.at++]) % 32;
      else if (one.length > 1 || codeOf(one) > 127 || !isWord(one) || one === '_') return codeOf(one);
    }
    if (one === 'x' && this.at < this.text.length) this.at++;
    this.fail('invalid escape sequence', start);
  };
  reader.octal = function (begin) {
    var value = 0, i = begin;
    for (; i < begin + 3 && i < this.text.length && matches('^[0-7]$', this.text[i]); i++)
      value = value * 8 + (codeOf(this.text[i]) - 48);
    if (i === begin || (i === begin + 1 && value)) return null;  // ECMAScript's back-references
    this.at = i;
    return value;
  };
  reader.hex = function (digits) {
    var braced = this.text[this.at] === '{', i = braced ? this.at + 1 : this.at, begin = i, value = 0, end;
    end = braced ? begin + 8 : begin + digits;
    for (; i < end && i < this.text.length && matches('^[0-9A-Fa-f]$', this.text[i]); i++)
      value = value * 16 + '0123456789abcdef'.indexOf(apply(lower, this.text[i], []));
    if (braced ? i === begin || this.text[i] !== '}' || value > LAST : i < end) return null;
    this.at = braced ? i + 1 : i;
    return value;
  };
  reader.joined = function (high) {
    if (high < 0xD800 || high > 0xDBFF || !this.starts('\\u')) return high;
    var kept = this.at, low;
    this.at += 2;
    low = this.hex(4);
    if (low !== null && low >= 0xDC00 && low <= 0xDFFF) return (high - 0xD800) * 0x400 + low - 0xDC00 + 0x10000;
    this.at = kept;
    return high;
  };

  reader.bracket = function (flags) {
    var start = this.at, sets = [], negative = false, first = true, text = this.text;
    this.at++;
    if (text[this.at] === '^') { negative = true; this.at++; }
    for (; first || text[this.at] !== ']'; first = false) {
      if (this.at >= text.length) this.failRest('missing closing ]', start);
      sets[sets.length] = this.posix(flags.i) || (text[this.at] === '\\' && this.charactersClass(flags.i)) ||
        { ranges: [this.range(start)] };
    }
    this.at++;
    this.set(sets, negative, flags);
    return {};
  };
  reader.posix = function (fold) {
    if (!this.starts('[:')) return null;
    var start = this.at, end = start + 2, name, negative;
    while (end < this.text.length - 1 && !(this.text[end] === ':' && this.text[end + 1] === ']')) end++;
    if (end >= this.text.length - 1) return null;
    this.at = end + 2;
    name = this.text.slice(start + 2, end).join('');
    negative = name[0] === '^';
    if (negative) name = name.slice(1);
    if (!has(POSIX, name)) this.fail('invalid character class range', start);
    return { ranges: negative ? complement(POSIX[name], fold) : POSIX[name] };
  };
  reader.range = function (bracket) {
    var start = this.at, low = this.member(bracket), high = low;
    if (this.text[this.at] === '-' && this.at + 1 < this.text.length && this.text[this.at + 1] !== ']') {
      this.at++;
      high = this.member(bracket);
      if (high < low) this.fail('invalid character class range', start);
    }
    return [low, high];
  };
  reader.member = function (bracket) {
    if (this.at >= this.text.length) this.failRest('missing closing ]', bracket);
    if (this.text[this.at] !== '\\') return codeOf(this.text[this.at++]);
    if (this.text[this.at + 1] === 'b') { this.at += 2; return 8; }
    return this.point();
  };

  reader.set = function (sets, negative, flags) {
    var inside = '', outside = [], cased = false, i, j, ranges;
    for (i = 0; i < sets.length; i++) {
      ranges = sets[i].ranges;
      if (!ranges && sets[i].negative && flags.i && sets.length > 1) outside[outside.length] = sets[i].property;
      else if (!ranges && sets[i].negative && flags.i) { negative = !negative; inside += '\\p' + sets[i].property; }
      else if (!ranges) inside += (sets[i].negative ? '\\P' : '\\p') + sets[i].property;
      else for (j = 0; j < ranges.length; j++)
        inside += escaped(ranges[j][0]) + (ranges[j][1] > ranges[j][0] ? '-' + escaped(ranges[j][1]) : '');
      cased = cased || !ranges || areCased(ranges);
    }
    var text = !inside && outside.length ? '' : '[' + (negative && !outside.length ? '^' : '') + inside + ']';
    for (i = 0; i < outside.length; i++) text += (text && '|') + '[^\\p' + outside[i] + ']';
    if (outside.length) text = negative ? '(?:(?!' + text + ')[\\s\\S])' : '(?:' + text + ')';
    if (text === '[]') text = '[^\\s\\S]';
    if (text === '[^]') text = '[\\s\\S]';
    this.put(cased ? { text: text, fold: flags.i } : text);
  };

  reader.joinedPieces = function (given) {
    var folded = false, exact = false, made = '', i, piece, base;
    for (i = 0; i < this.pieces.length; i++) {
      folded = folded || this.pieces[i].fold === true;
      exact = exact || this.pieces[i].fold === false;
    }
    base = given.i || (folded && !exact);
    for (i = 0; i < this.pieces.length; i++) {
      piece = this.pieces[i];
      if (typeof piece === 'string') made += piece;
      else made += !!piece.fold === base ? piece.text : (piece.fold ? '(?i:' : '(?-i:') + piece.text + ')';
    }
    return { source: made || '(?:)', flags: (given.g ? 'g' : '') + (base ? 'i' : '') + (given.m ? 'm' : '') + 'u' };
  };

  return function (pattern, flags) {
    var given = { g: false, i: false, m: false }, i, read;
    for (i = 0; i < flags.length; i++) {
      if (!has(given, flags[i]) || given[flags[i]]) return { fault: 'invalid flags: `' + flags + '`', at: 0 };
      given[flags[i]] = true;
    }
    try {
      read = new Reader(pattern, given.m);
      read.alternatives({ i: given.i, m: given.m, s: false, U: false });
      if (read.at < read.text.length) return { fault: 'unexpected ): `' + pattern + '`', at: read.at };
      read.at = read.highestEnd;
      if (read.highest > read.groups) read.fail('invalid escape sequence', read.highestAt);
      return read.joinedPieces(given);
    } catch (thrown) {
      if (thrown instanceof Fault) return thrown;
      throw thrown;
    }
  };
})
"""
