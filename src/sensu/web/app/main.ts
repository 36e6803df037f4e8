// Starts the web UI in the page.
import { mount } from 'svelte'

import App from './app.svelte'

const target = document.getElementById('app')
if (target) mount(App, { target })
