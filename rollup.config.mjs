// Builds each package's entries together, module for module, so that dist mirrors src and SessionError exists once.
import { readFileSync } from 'node:fs'
import esbuild from 'rollup-plugin-esbuild'

export default ['session', 'session-server', 'session-desktop'].map((name) => {
  const root = `packages/${name}`
  const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  return {
    input: Object.values(manifest.exports).map((entry) => entry.default.replace('./dist/', `${root}/src/`).replace(/\.js$/, '.ts')),
    external: (id) => id.startsWith('node:') || dependencies.some((dependency) => id === dependency || id.startsWith(`${dependency}/`)),
    output: { dir: `${root}/dist`, format: 'es', preserveModules: true, preserveModulesRoot: `${root}/src`, sourcemap: true },
    // Whoever bundles shakes the tree. Here it would only take arguments away from functions an application replaces.
    treeshake: false,
    plugins: [esbuild({ target: 'es2022', tsconfig: false })],
    onwarn(warning) {
      throw new Error(warning.message)
    },
  }
})
