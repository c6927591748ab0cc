/** Where files are dropped or chosen; the process behind the window finds them on this machine, and asks where one is that it cannot find. */
import { useRef, useState } from 'preact/hooks'
import { count } from '../../src/say/numbers.ts'
import type { Chosen } from '../../src/window/view.ts'
import { Icon } from './icon.tsx'
import type { Line } from './line.ts'

/** Where files are dropped. */
export function Drop({ line, isEmpty }: { line: Line; isEmpty: boolean }) {
  const [isOver, setOver] = useState(false)
  const [isLooking, setLooking] = useState(false)
  const [missing, setMissing] = useState<readonly Chosen[]>([])
  const [hasFolders, setHasFolders] = useState(false)
  const input = useRef<HTMLInputElement>(null)

  const add = async (files: readonly Chosen[], folder?: string): Promise<void> => {
    if (files.length === 0) return
    setLooking(true)
    try {
      setMissing((await line.ask({ do: 'add', files, ...(folder !== undefined && { folder }) })).missing)
    } finally {
      setLooking(false)
    }
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const items = [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === 'file')
    const isFolder = (item: DataTransferItem): boolean => item.webkitGetAsEntry()?.isDirectory === true
    setHasFolders(items.some(isFolder))
    void add(items.filter((item) => !isFolder(item)).map((item) => item.getAsFile()).filter((file) => file !== null).map(told))
  }
  const choose = ({ currentTarget }: { currentTarget: HTMLInputElement }): void => {
    setHasFolders(false)
    void add([...(currentTarget.files ?? [])].map(told))
    // The same file may be chosen once more.
    currentTarget.value = ''
  }

  return (
    <section class={`drop${isOver ? ' over' : ''}${isEmpty ? ' empty' : ''}`} aria-label="Add files"
      onDragOver={(event) => { event.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)} onDrop={drop}>
      <Icon name="add" />
      <p><strong>Drop files here</strong><span class="facts"> or choose them. They are read where they lie, and never copied.</span></p>
      <input ref={input} hidden type="file" multiple onChange={choose} />
      <button type="button" class="primary" onClick={() => input.current?.click()}>Choose files</button>
      <div class="answer" role="status">
        {isLooking && <p class="facts">Looking for {missing.length > 0 ? 'them' : 'the files'} on this machine…</p>}
        {hasFolders && <p class="facts">Folders are for <code>uploader watch</code>; drop the files in them.</p>}
      </div>
      {missing.length > 0 && !isLooking && <Where missing={missing} onFolder={(folder) => add(missing, folder)} onLeave={() => setMissing([])} />}
    </section>
  )
}

/** A browser does not tell where a file lies; a person can. */
function Where({ missing, onFolder, onLeave }: { missing: readonly Chosen[]; onFolder: (folder: string) => unknown; onLeave: () => void }) {
  const [folder, setFolder] = useState('')
  const names = missing.length > 3 ? count(missing.length, 'file') : missing.map(({ name }) => name).join(', ')
  return (
    <form class="where" onSubmit={(event) => { event.preventDefault(); onFolder(folder) }}>
      <label for="folder">Where is {names}? It was not found in your home folder.</label>
      <input id="folder" value={folder} required placeholder="/media/models" spellcheck={false} onInput={({ currentTarget }) => setFolder(currentTarget.value)} />
      <div class="actions">
        <button type="submit" class="primary">Look there</button>
        <button type="button" class="quiet" onClick={onLeave}>Leave it</button>
      </div>
    </form>
  )
}

const told = ({ name, size, lastModified }: File): Chosen => ({ name, size, lastModified })
