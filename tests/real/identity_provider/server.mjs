// A real OpenID provider for tests. Arguments: the port, and a file with its keys (JWKS).
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [port, keys] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const groups = new Map();
const gone = new Set();
const callback = 'http://127.0.0.1/api/enterprise/authentication/v2/oidc/callback';
const client = (id, more = {}) => ({
  client_id: id,
  client_secret: `${id}-secret`,
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  application_type: 'native',
  ...more,
});
const provider = new Provider(issuer, {
  jwks: JSON.parse(readFileSync(keys)),
  clients: [client('sensu'), client('other')],
  scopes: ['openid', 'offline_access', 'groups', 'email'],
  claims: { openid: ['sub', 'groups'], groups: ['groups'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  cookies: { keys: ['of the tests'] },
  ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, RefreshToken: 3600, Interaction: 600, Session: 3600, Grant: 3600 },
  findAccount: (_, sub) =>
    gone.has(sub)
      ? undefined
      : {
          accountId: sub,
          claims: () => ({ sub, email: `${sub}@example.org`, groups: groups.get(sub) ?? ['ops', 'dev'] }),
        },
});
// A provider that answers with the token of another log-in: what a mistake or an attacker could bring about.
let swapped = '';
provider.use(async (context, next) => {
  await next();
  if (swapped && context.body?.id_token) context.body.id_token = swapped;
});
const answer = provider.callback();
createServer((request, response) => {
  const [, test, what, user, list] = request.url.split('/');
  if (test !== 'test') return answer(request, response);
  if (what === 'groups') groups.set(user, list ? list.split(',') : []);
  if (what === 'remove') gone.add(user);
  if (what === 'swap') swapped = user ?? '';
  response.end('done');
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
