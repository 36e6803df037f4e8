// Starts the web UI in the page.
import './looks/tokens.css'
import './looks/type.css'
import './looks/layout.css'

import { mount } from 'svelte'

import App from './app.svelte'
import { startRefreshing } from './live/kept_documents.svelte.ts'
import { navigation } from './live/navigation.svelte.ts'
import { preferences } from './live/preferences.svelte.ts'
import { rights } from './live/rights.svelte.ts'
import { type SessionAnswer, session } from './live/session.svelte.ts'
import { shortcuts } from './live/shortcuts.svelte.ts'
import { stream } from './live/stream.svelte.ts'
import { BASE } from './rules/clusters.ts'

function takeSession(answer: SessionAnswer): void {
  preferences.takeDefault(answer.theme)
  if (!answer.signedIn) {
    preferences.keep()
    return
  }
  preferences.take(answer.preferences)
  if (BASE !== '') void session.readNamespaces()
  else {
    if (!answer.namespaces.includes(preferences.namespace)) preferences.namespace = answer.namespaces[0] ?? ''
    rights.take(answer.rights.namespace, answer.rights.rules)
  }
  preferences.keep()
  stream.retry()
}

preferences.keep()
navigation.start()
shortcuts.start()
stream.start()
startRefreshing()
void session.start(navigation.namespace, takeSession)
const target = document.getElementById('app')
if (target) mount(App, { target })
