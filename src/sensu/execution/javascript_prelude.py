"""The JavaScript that makes a fresh engine a Sensu realm: ES5's library and Sensu's functions, nothing else.

`PRELUDE` evaluates to a function `install(mode, translator)`, with the source that translates regular expressions.
The mode determines how a realm is shared:
- `fixed`: expressions that change nothing; the library and the global object are frozen.
- `restored`, `mutator`: scripts that declare or assign; the library is frozen, and globals are restored after each.
- `single`, `single-mutator`: one evaluation per realm; scripts of assets may change everything.
`install` gives a function that hands out, by name: `expression` and `script` (source, variable) → a function of
(scope's JSON, now, other events' JSON) → true, false or text; `load` (source) → text; `mutator`
(body, filled event's JSON, event's JSON, id's bytes, globals' JSON, now) → text; `template` (body, events' JSON,
event's JSON, arguments' JSON, now) → text.
Strings start with a letter: E for an error, S if the realm is unusable, [ for the mutator's JSON `[text or null,
event]`, for the template's `[event]`, or for the keys of other events that are needed (`sensu.rules.other_events`),
after which the evaluation has to start again.
They are short or made by JSON.stringify: the binding cannot read the engine's ropes (long concatenated strings).
"""

PRELUDE = r"""
(function (mode, translator) {
  'use strict';
  var G = globalThis, ownKeys = Reflect.ownKeys, apply = Reflect.apply, define = Object.defineProperty,
      describe = Object.getOwnPropertyDescriptor, prototypeOf = Object.getPrototypeOf, freeze = Object.freeze,
      isExtensible = Object.isExtensible, remove = Reflect.deleteProperty, parse = JSON.parse,
      stringify = JSON.stringify, text = String, compileFunction = Function, indirectEval = eval,
      ObjectPrototype = Object.prototype, isArray = Array.isArray, Known = Set, Pairs = Map, Fault = RangeError,
      WrongType = TypeError, LENGTH_MAX = 1000000, COMPLAINT_MAX = 400, TRANSLATIONS_MAX = 200,
      REMEMBERED_MAX = 1000, ASKED_MAX = 100, Failed = Error,
      cut = String.prototype.slice, now = 0;

  var owns = ObjectPrototype.hasOwnProperty;
  function has(holder, key) { return apply(owns, holder, [key]); }
  function words(line) { return line.split(' '); }

  function keepOnly(holder, line) {
    var kept = new Known(words(line));
    ownKeys(holder).forEach(function (key) {
      if (typeof key === 'string' && !kept.has(key)) remove(holder, key);
    });
  }

  var syntaxOnly = [function* () {}, async function () {}, async function* () {}, [][Symbol.iterator](),
                    ''[Symbol.iterator](), 'a'.matchAll(/a/g), new Map().keys(), Symbol.prototype, Promise.prototype];

  keepOnly(Object, 'length name prototype create getPrototypeOf getOwnPropertyDescriptor getOwnPropertyNames ' +
    'defineProperty defineProperties seal freeze preventExtensions isSealed isFrozen isExtensible keys');
  keepOnly(ObjectPrototype, 'constructor toString toLocaleString valueOf hasOwnProperty isPrototypeOf ' +
    'propertyIsEnumerable __proto__');
  keepOnly(Function.prototype, 'constructor toString apply call bind length name');
  keepOnly(Array, 'length name prototype isArray');
  keepOnly(Array.prototype, 'length constructor toString toLocaleString concat join pop push reverse shift slice ' +
    'sort splice unshift indexOf lastIndexOf every some forEach map filter reduce reduceRight');
  keepOnly(String, 'length name prototype fromCharCode');
  keepOnly(String.prototype, 'length constructor toString valueOf charAt charCodeAt concat indexOf lastIndexOf ' +
    'localeCompare match replace search slice split substring substr toLowerCase toLocaleLowerCase toUpperCase ' +
    'toLocaleUpperCase trim trimLeft trimRight');
  keepOnly(Number, 'length name prototype MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY');
  keepOnly(Math, 'E LN10 LN2 LOG2E LOG10E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil cos exp floor log max min ' +
    'pow random round sin sqrt tan');
  keepOnly(Error, 'length name prototype');
  keepOnly(RegExp, 'length name prototype');
  keepOnly(JSON, 'parse stringify');
  keepOnly(G, 'Object Function Error EvalError RangeError ReferenceError SyntaxError TypeError URIError Array String ' +
    'Boolean Number Math Date RegExp JSON parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI ' +
    'encodeURIComponent escape unescape Infinity NaN undefined eval');

  // Regular expressions are Go's, also those that are made from text (literals are translated before).
  var NativeRegExp = RegExp, patterns = RegExp.prototype, BadSyntax = SyntaxError, translations = new Pairs(),
      translate;
  function isPattern(value) { return value !== null && typeof value === 'object' && value instanceof NativeRegExp; }
  function goPattern(pattern, flags) {
    if (isPattern(pattern) && flags === undefined) return new NativeRegExp(pattern);
    pattern = pattern === undefined ? '' : text(isPattern(pattern) ? pattern.source : pattern);
    flags = flags === undefined ? '' : text(flags);
    var key = flags + '/' + pattern, made = translations.get(key);
    if (!made) {
      translate = translate || indirectEval(translator)(NativeRegExp, apply);
      made = translate(pattern, flags);
      if (translations.size >= TRANSLATIONS_MAX) translations.clear();
      if (key.length <= 1000) translations.set(key, made);
    }
    if (made.fault) throw new BadSyntax('Invalid regular expression: ' + made.fault);
    return new NativeRegExp(made.source, made.flags);
  }
  function GoRegExp(pattern, flags) {
    return isPattern(pattern) && flags === undefined && this === undefined ? pattern : goPattern(pattern, flags);
  }
  define(GoRegExp, 'name', { value: 'RegExp', configurable: true });
  GoRegExp.prototype = patterns;
  patterns.constructor = G.RegExp = GoRegExp;
  remove(patterns, 'compile');
  ['match', 'search'].forEach(function (name) {
    var native = String.prototype[name];
    define(String.prototype, name, { writable: true, configurable: true, value: function (pattern) {
      return apply(native, this, [isPattern(pattern) ? pattern : goPattern(pattern)]);
    } });
  });

  // The engine's own loops cannot be interrupted, so none of them gets a huge (sparse) array.
  function checkLength(value) {
    if (value !== null && typeof value === 'object' && value.length > LENGTH_MAX)
      throw new Fault('array is longer than ' + LENGTH_MAX);
  }
  var loops = 'concat indexOf join lastIndexOf reverse shift slice sort splice unshift toLocaleString';
  words(loops).forEach(function (name) {
    var native = Array.prototype[name];
    define(Array.prototype, name, { writable: true, configurable: true, value: function () {
      checkLength(this);
      if (name === 'concat') for (var i = 0; i < arguments.length; i++) checkLength(arguments[i]);
      return apply(native, this, arguments);
    } });
  });
  JSON.stringify = function (value, replacer, space) {
    return stringify(value, typeof replacer === 'function' ? replacer : function (key, part) {
      if (isArray(part)) checkLength(part);
      return isArray(replacer) && key !== '' && !isArray(this) && !listed(replacer, key) ? undefined : part;
    }, space);
  };
  function listed(names, key) {
    for (var i = 0; i < names.length; i++) if (text(names[i]) === key) return true;
    return false;
  }

  function seconds(value) { return typeof value === 'number' && value === value ? value : 0; }
  function utc(value) { return new Clock(Math_floor(seconds(value)) * 1000); }
  var Clock = Date, Math_floor = Math.floor;
  var getters = Date.prototype, hours = getters.getUTCHours, minutes = getters.getUTCMinutes,
      secondsOf = getters.getUTCSeconds, days = getters.getUTCDay;
  var provided = {
    hour: function hour(at) { return apply(hours, utc(at), []); },
    minute: function minute(at) { return apply(minutes, utc(at), []); },
    second: function second(at) { return apply(secondsOf, utc(at), []); },
    weekday: function weekday(at) { return apply(days, utc(at), []); },
    seconds_since: function seconds_since(at) { return now - seconds(at); },
    console: { log: quiet, info: quiet, warn: quiet, error: quiet, debug: quiet }
  };
  function quiet() {}

  // Other events are not here: what is asked for ends the evaluation, which begins again when it has been found.
  var entityName = '', found = {}, asked = [], ENDED = freeze({ toString: function () { return 'other events'; } });
  function beginWith(others) {
    asked = [];
    others = others ? parse(others) : {};
    entityName = others.entity || '';
    found = others.found || {};
  }
  function other(key, missing) {
    if (!has(found, key)) { if (asked.length < ASKED_MAX) asked[asked.length] = key; return ENDED; }
    if (found[key] === null) throw new Failed(missing);
    if (typeof found[key] === 'object') throw new Failed(found[key].error);
    return parse(found[key]);
  }
  function known(value) { if (value === ENDED) throw ENDED; return value; }
  function eventOf(entity, check) {
    return other(entity + '/' + check, 'no event of the entity ' + entity + ' and the check ' + check);
  }
  function referred(values, into) {
    for (var i = 0; i < values.length; i++) {
      if (isArray(values[i])) referred(values[i], into);
      else if (typeof values[i] === 'object' && values[i] !== null)
        into[into.length] = eventOf(values[i].entity === undefined ? entityName : values[i].entity, values[i].check);
      else into[into.length] = eventOf(entityName, values[i]);
    }
    return into;
  }
  function statuses(values) {
    var events = referred(values, []), made = [], i;
    for (i = 0; i < events.length; i++) made[i] = known(events[i]).check.status;
    return made;
  }
  function EventStatus() { return statuses(arguments); }
  function CheckDependencies() {
    var made = statuses(arguments), i;
    for (i = 0; i < made.length; i++) if (made[i] !== 0) return false;
    return true;
  }
  var functions = {
    CheckDependencies: CheckDependencies, CheckStatus: EventStatus, EventStatus: EventStatus,
    FetchEvent: function FetchEvent(entity, check) { return known(eventOf(entity, check)); },
    ListEvents: function ListEvents() { return known(other('*', '')); }
  };

  function provide(names) {
    for (var name in names)
      define(G, name, { value: names[name], writable: true, enumerable: false, configurable: true });
  }
  function setGlobal(name, value) {
    try { G[name] = value; } catch (fixed) { /* names like NaN cannot be given away */ }
  }

  // Objects may have properties of their own named like frozen ones of their prototype (`point.toString = …`).
  function allowShadowing(prototype) {
    ownKeys(prototype).forEach(function (key) {
      var own = describe(prototype, key);
      if (!('value' in own) || typeof key !== 'string' || !own.configurable) return;
      define(prototype, key, {
        configurable: true, enumerable: own.enumerable,
        get: function () { return own.value; },
        set: function (value) {
          if (this !== prototype && this !== null && typeof this !== 'undefined')
            define(this, key, { value: value, writable: true, enumerable: true, configurable: true });
        }
      });
    });
  }

  function freezeAll(roots) {
    var seen = new Known(), waiting = roots.slice();
    while (waiting.length) {
      var value = waiting.pop();
      if (value === null || (typeof value !== 'object' && typeof value !== 'function') || value === G) continue;
      if (seen.has(value)) continue;
      seen.add(value);
      waiting.push(prototypeOf(value));
      ownKeys(value).forEach(function (key) {
        var own = describe(value, key);
        waiting.push(own.value, own.get, own.set);
      });
    }
    seen.forEach(function (value) { freeze(value); });
  }

  var baseline = [], values = [];
  function rememberGlobals() {
    baseline = ownKeys(G);
    baseline.forEach(function (key) {
      var own = describe(G, key);
      if (own.configurable) define(G, key, { configurable: false, writable: true });
    });
    values = baseline.map(function (key) { return G[key]; });
  }

  function same(one, other) { return one === other || (one !== one && other !== other); }

  function restoreGlobals() {
    var i;
    for (i = 0; i < baseline.length; i++)
      if (!same(G[baseline[i]], values[i])) {
        try { G[baseline[i]] = values[i]; } catch (refused) { return false; }
      }
    var keys = ownKeys(G);
    if (keys.length !== baseline.length)
      for (i = 0; i < keys.length; i++)
        if (!keptNames.has(keys[i]) && !remove(G, keys[i])) return false;
    return isExtensible(G) && prototypeOf(G) === ObjectPrototype;
  }
  var keptNames = new Known();

  function complaint(thrown) {
    try { return 'E' + apply(cut, text(thrown), [0, COMPLAINT_MAX]); }
    catch (unreadable) { return 'Ean error that has no text'; }
  }

  function compileExpression(source, name) {
    var body;
    try { body = compileFunction(name, 'return (' + source + '\n)'); } catch (unsound) { return null; }
    freeze(body.prototype);
    freeze(body);
    return function (scope, at, others) {
      var answer;
      now = at;
      beginWith(others);
      try { answer = !!body(parse(scope)); } catch (thrown) { answer = complaint(thrown); }
      return asked.length ? stringify(asked) : answer;
    };
  }

  function compileScript(source, name) {
    return function (scope, at, others) {
      var answer;
      now = at;
      beginWith(others);
      G[name] = parse(scope);
      try { answer = !!indirectEval(source); } catch (thrown) { answer = complaint(thrown); }
      if (mode === 'restored' && !restoreGlobals()) return 'Sthe expression altered the sandbox';
      return asked.length ? stringify(asked) : answer;
    };
  }

  function load(source) {
    try { indirectEval(source); return ''; } catch (thrown) { return complaint(thrown); }
  }

  // Metadata's fields and the names of Go's fields, as further ways to the same values.
  function alias(holder, name, owner, key) {
    if (name in holder) return;
    define(holder, name, { configurable: true, enumerable: false,
      get: function () { return owner[key]; }, set: function (value) { owner[key] = value; } });
  }
  function goName(key) {
    return key.split('_').map(function (word) {
      return key === 'id' ? 'ID' : word.charAt(0).toUpperCase() + word.slice(1);
    }).join('');
  }
  function addAliases(holder) {
    var metadata = holder.metadata;
    if (metadata) {
      Object_keys(metadata).forEach(function (key) { alias(holder, key, metadata, key); });
      addGoNames(metadata);
    }
    addGoNames(holder);
    if (metadata) define(holder, 'ObjectMeta', { configurable: true, enumerable: false, value: metadata });
  }
  function addGoNames(holder) {
    ownKeys(holder).forEach(function (key) { if (typeof key === 'string') alias(holder, goName(key), holder, key); });
  }
  var Object_keys = Object.keys;

  // What is stored of the event is what Sensu's own structs would hold: fields in their order, without empty ones that
  // were only filled in; a deleted field keeps its value, a deleted label is gone; texts, numbers and truth values are
  // converted to the type of their field.
  var origins;  // of each object of the event: what is stored, what was filled in, and whether its keys are the user's
  function remember(value, original, filled, isMap) {
    origins.set(value, { original: original, filled: filled, isMap: isMap });
    if (isArray(value) && value.length > REMEMBERED_MAX) return;
    Object_keys(value).forEach(function (key) {
      if (typeof value[key] === 'object' && value[key] !== null)
        remember(value[key], isHolder(original) ? original[key] : undefined, filled[key], isLabels(key));
    });
  }
  function isLabels(key) { return key === 'labels' || key === 'annotations'; }
  function isHolder(value) { return typeof value === 'object' && value !== null; }
  function isObject(value) { return isHolder(value) && !isArray(value); }
  function isEmpty(value) { return !(isArray(value) ? value : Object_keys(value)).length; }

  function stored(value, isMap) {
    if (!isHolder(value)) return value;
    var origin = origins.get(value), made = [], i;
    if (!origin && typeof value.toJSON === 'function') return value;
    if (!isArray(value)) return storedFields(value, origin || { filled: {}, isMap: isMap });
    checkLength(value);
    for (i = 0; i < value.length; i++) made[i] = stored(value[i]);
    return made;
  }
  function storedFields(value, origin) {
    var original = isObject(origin.original) ? origin.original : {}, made = {};
    Object_keys(original).concat(Object_keys(value).filter(function (key) {
      return !(key in original);
    })).forEach(function (key) {
      if (!(key in value)) {
        if (!origin.isMap) made[key] = original[key];
        return;
      }
      var part = stored(value[key], isLabels(key)), before = original[key];
      if ((before === null || before === undefined) && isFilledIn(value[key], part)) {
        if (key in original) made[key] = before;
      } else made[key] = converted(part, origin.isMap ? '' : origin.filled[key]);
    });
    return made;
  }
  function isFilledIn(value, part) { return isHolder(value) ? origins.has(value) && isEmpty(part) : !value; }
  function converted(value, like) {
    if (value === undefined || isHolder(value) || value === null || typeof value === typeof like) return value;
    if (typeof like === 'string') return text(value);
    if (typeof like === 'boolean') return !!value;
    return typeof like === 'number' && +value === +value ? +value : value;
  }
  function showAsStored(holder) {
    if (isObject(holder))
      define(holder, 'toJSON', { configurable: true, value: function () { return stored(holder); } });
  }

  function mutated(body, eventText, originalText, idBytes, variables) {
    var event = parse(eventText), original = parse(originalText), id = event.id, answer;
    origins = new Pairs();
    remember(event, original, parse(eventText), false);
    event.id = parse(idBytes);
    define(event.id, 'toJSON', { value: function () { return id === null ? undefined : id; } });
    [event, event.check, event.entity].forEach(function (holder) { if (holder) addAliases(holder); });
    [event, event.check, event.entity].forEach(showAsStored);
    if (event.entity) { addGoNames(event.entity.system); addGoNames(event.entity.deregistration); }
    for (var name in variables) setGlobal(name, variables[name]);
    G.event = event;
    answer = compileFunction(body + '\n')();
    if (answer !== undefined && answer !== null && typeof answer !== 'string')
      throw new WrongType('the mutator returned neither text nor nothing');
    return stringify([typeof answer === 'string' ? answer : null, event]);
  }

  function mutator(body, eventText, originalText, idBytes, variables, at) {
    var answer;
    now = at;
    try { answer = mutated(body, eventText, originalText, idBytes, parse(variables)); }
    catch (thrown) { answer = complaint(thrown); }
    return mode === 'mutator' && !restoreGlobals() ? 'Sthe mutator altered the sandbox' : answer;
  }

  // Rule templates: metadata is another way to the fields beside it, in the events and in the event to return.
  var SEVERITIES = { ok: 0, warning: 1, critical: 2 }, HOISTED = words('name namespace created_by');
  function flatten(holder) {
    var metadata = holder.metadata || {}, i;
    for (i = 0; i < HOISTED.length; i++)
      if (!(HOISTED[i] in holder)) holder[HOISTED[i]] = metadata[HOISTED[i]] || '';
    holder.labels = metadata.labels || {};
    holder.annotations = metadata.annotations || {};
  }
  function flattenAll(holders) {
    for (var i = 0; i < holders.length; i++) if (holders[i]) flatten(holders[i]);
  }
  function showAsMetadata(holder) { define(holder, 'metadata', { configurable: true, value: holder }); }
  function statusesOf(events) {
    var statuses = [], i;
    for (i = 0; i < events.length; i++) statuses[i] = events[i].check ? events[i].check.status : 0;
    return statuses;
  }
  function hasSeverity(status, name) {
    if (name === 'non-zero') return status !== 0;
    return name === 'unknown' ? status > 2 || status < 0 : status === SEVERITIES[name];
  }
  function severityFunctions(statuses) {
    function count(severity) {
      var name = text(severity), number = 0, i;
      if (name !== 'non-zero' && name !== 'unknown' && !has(SEVERITIES, name))
        throw new Failed('unknown severity ' + apply(cut, name, [0, 40]) +
          ': use ok, warning, critical, unknown or non-zero');
      for (i = 0; i < statuses.length; i++) if (hasSeverity(statuses[i], name)) number++;
      return number;
    }
    function percentage(severity) {
      var number = count(severity);
      return statuses.length ? number / statuses.length * 100 : 0;
    }
    return {
      Count: count, CountBySeverity: count, Percentage: percentage, PercentageBySeverity: percentage,
      NewMetrics: function NewMetrics(given) {
        given = given || {};
        return { handlers: given.handlers || [], points: given.points || [] };
      }
    };
  }
  function ruled(body, eventsText, eventText, argumentsText) {
    var events = parse(eventsText), event = parse(eventText), answer, i;
    for (i = 0; i < events.length; i++) flattenAll([events[i].entity, events[i].check, events[i]]);
    [event, event.check, event.entity].forEach(showAsMetadata);
    answer = compileFunction('events', 'event', 'args', 'sensu', body + '\n')(
      events, event, parse(argumentsText), severityFunctions(statusesOf(events)));
    if (answer === undefined) answer = event;
    if (!isObject(answer)) throw new WrongType('the template did not return an event');
    answer = stringify([answer]);
    if (answer.length > LENGTH_MAX) throw new Fault('the event has more than ' + LENGTH_MAX + ' characters');
    return answer;
  }
  function template(body, eventsText, eventText, argumentsText, at) {
    var answer;
    now = at;
    try { answer = ruled(body, eventsText, eventText, argumentsText); } catch (thrown) { answer = complaint(thrown); }
    return mode === 'mutator' && !restoreGlobals() ? 'Sthe template altered the sandbox' : answer;
  }

  provide(provided);
  provide({ event: undefined });
  if (mode !== 'mutator' && mode !== 'single-mutator') provide({ sensu: functions, nil: null, entity: undefined });
  if (mode === 'fixed' || mode === 'restored' || mode === 'mutator') {
    [ObjectPrototype, Error.prototype, TypeError.prototype, RangeError.prototype].forEach(allowShadowing);
    freezeAll(ownKeys(G).map(function (key) { return G[key]; }).concat(syntaxOnly));
    if (mode === 'fixed') freeze(G);
    else { rememberGlobals(); baseline.forEach(function (key) { keptNames.add(key); }); }
  }
  var parts = { expression: compileExpression, script: compileScript, load: load, mutator: mutator,
                template: template };
  return function (name) { return parts[name]; };
})
"""
