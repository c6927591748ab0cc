/** A kept model, opened: its lines on a canvas, and a copy of the file for whoever wants one. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { OpenDownload } from '@3dimli/session/downloads'
import { drawMesh } from '../model/draw.ts'
import { readMesh, type Mesh } from '../model/mesh.ts'
import type { Model } from '../shop/stock.ts'
import { useShop } from './context.ts'
import { Icon } from './icon.tsx'
import { Problem, useTask } from './problem.tsx'

const still = matchMedia('(prefers-reduced-motion: reduce)')

/** The viewer, in a dialog of its own. */
export function Viewer({ model, close }: { model: Model; close(): void }) {
  const { downloads } = useShop()
  const dialog = useRef<HTMLDialogElement>(null)
  const [download, setDownload] = useState<OpenDownload>()
  const [mesh, setMesh] = useState<Mesh>()
  const reading = useTask()
  const copying = useTask()

  useLayoutEffect(() => dialog.current!.showModal(), [])
  useEffect(() => reading.run(async () => {
    const found = await downloads.open(model.id)
    if (!found) return close()
    const bytes = await (await found.response()).arrayBuffer()
    setMesh(readMesh(found.name, bytes))
    setDownload(found)
  }), [])

  const saveCopy = async (kept: OpenDownload): Promise<void> => {
    const link = document.createElement('a')
    link.href = await kept.url()
    link.download = kept.name
    link.click()
  }

  return (
    <dialog ref={dialog} class="viewer" aria-labelledby="viewer-title" onClose={close}>
      <header>
        <h2 id="viewer-title">{model.title}</h2>
        <button type="button" class="round" aria-label="Close" onClick={() => dialog.current?.close()}><Icon name="cross" /></button>
      </header>
      {mesh ? <Turntable mesh={mesh} title={model.title} /> : <div class="turntable"><p class="opening">{reading.busy ? 'Opening…' : ''}</p></div>}
      <Problem error={reading.error} />
      <footer>
        <p class="facts">{mesh ? `${mesh.triangles.toLocaleString('en')} triangles, read from the copy on this device` : ''}</p>
        <button type="button" class="primary" disabled={!download} aria-disabled={copying.busy} onClick={() => download && copying.run(() => saveCopy(download))}><Icon name="keep" />Save a copy</button>
      </footer>
      <Problem error={copying.error} />
    </dialog>
  )
}

/** Turns slowly by itself until somebody takes hold of it, and not at all where motion is unwelcome. */
function Turntable({ mesh, title }: { mesh: Mesh; title: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [degrees, setDegrees] = useState(40)
  const [width, setWidth] = useState(0)
  const [turning, setTurning] = useState(!still.matches)

  useLayoutEffect(() => drawMesh(canvas.current!, mesh, (degrees * Math.PI) / 180), [mesh, degrees, width])
  useEffect(() => {
    const resized = new ResizeObserver(() => setWidth(canvas.current?.clientWidth ?? 0))
    resized.observe(canvas.current!)
    return () => resized.disconnect()
  }, [])
  useEffect(() => {
    if (!turning) return
    let last = performance.now()
    let frame = requestAnimationFrame(function turn(now) {
      const passed = now - last
      last = now
      setDegrees((before) => (before + passed * 0.018) % 360)
      frame = requestAnimationFrame(turn)
    })
    return () => cancelAnimationFrame(frame)
  }, [turning])

  const take = (next: number): void => {
    setTurning(false)
    setDegrees(((next % 360) + 360) % 360)
  }
  const drag = (event: PointerEvent): void => {
    if (event.buttons === 1) take(degrees + event.movementX * 0.6)
  }
  return (
    <div class="turntable">
      <canvas ref={canvas} role="img" aria-label={`${title}, drawn as lines`} onPointerMove={drag} onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)} />
      <div class="turn">
        <button type="button" class="quiet small" aria-pressed={turning} onClick={() => setTurning(!turning)}>{turning ? 'Stop' : 'Turn'}</button>
        <label><span class="unseen">Turned by</span><input type="range" min={0} max={359} value={Math.round(degrees)} aria-valuetext={`${Math.round(degrees)} degrees`} onInput={(event) => take(Number(event.currentTarget.value))} /></label>
      </div>
    </div>
  )
}
