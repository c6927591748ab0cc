// The window's build: every script and style is a file of its own, as the strict policy of src/window/server.ts wants it.
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'page',
  // The page lies in a folder whose name nobody knows before.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
