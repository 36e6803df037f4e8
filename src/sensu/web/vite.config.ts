// How Vite builds the page: hashed files under assets/, nothing inline, licences and packed forms beside them.
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

import { licences } from './packing/licences.ts'
import { packed } from './packing/packed.ts'
import { scopeOf } from './packing/scopes.ts'

// The web UI's listener of a running backend, to which `make web-dev` passes on what is not of the page.
const backendUrl = process.env['SENSU_DASHBOARD_URL'] ?? 'http://127.0.0.1:3000'
const ofTheApi = '^/(api|auth|graphql|health|ready|version|openapi\\.json|docs|status)([/?]|$)'

export default defineConfig({
  plugins: [svelte({ compilerOptions: { cssHash: scopeOf } }), licences(), packed()],
  build: {
    outDir: process.env['SENSU_WEB_OUT'] ?? 'dist',
    emptyOutDir: true,
    // A data: URL would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    reportCompressedSize: false,
  },
  server: {
    port: 5173,
    // The listener compares the Origin of a request with its Host, so both must be those that the browser knows.
    proxy: { [ofTheApi]: { target: backendUrl, changeOrigin: false } },
  },
})
