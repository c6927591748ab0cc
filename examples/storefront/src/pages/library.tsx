/** The library: what the buyer owns, and what of it is kept on this device. */
import { useState } from 'preact/hooks'
import type { Download } from '@3dimli/session/downloads'
import type { Model, Owned } from '../shop/stock.ts'
import { useShop } from '../view/context.ts'
import { Icon } from '../view/icon.tsx'
import { Page } from '../view/page.tsx'
import { Problem, useTask } from '../view/problem.tsx'
import { Stage } from '../view/stage.tsx'
import { Viewer } from '../view/viewer.tsx'
import { explain } from '../words/failures.ts'
import { count, size } from '../words/numbers.ts'

/** The page. */
export function LibraryPage() {
  const { stock, shelf, recent } = useShop()
  const [opened, setOpened] = useState<Model>()
  const owned = stock.library.data.value
  const failure = stock.library.failure.value
  const kept = shelf.kept.value ?? []
  const bytes = kept.reduce((sum, download) => sum + download.size, 0)
  const onDevice = kept.length === 0 ? 'None is kept on this device yet.' : `${count(kept.length, 'is', 'are')} kept on this device (${size(bytes)}).`
  const models = owned ?? (failure === undefined ? undefined : kept.map(unlisted))
  const open = (model: Model): void => {
    setOpened(model)
    recent.add(model.id).catch(() => undefined)
  }

  return (
    <Page title="Your library" lead={owned ? `${count(owned.length, 'model')}, yours for good. ${onDevice}` : failure !== undefined ? `The whole list is not here right now. ${onDevice}` : 'Getting your models…'}>
      {models && <RecentlyViewed models={models} open={open} />}
      {models === undefined
        ? <div class="models" aria-hidden="true">{[1, 2, 3].map((number) => <div key={number} class="card waiting" />)}</div>
        : models.length === 0
          ? <p class="empty">{owned ? 'What you buy appears here.' : explain(failure)}</p>
          : <ul class="models">{models.map((model) => <li key={model.id}><ModelCard model={model} download={kept.find(({ id }) => id === model.id)} open={() => open(model)} /></li>)}</ul>}
      {opened && <Viewer key={opened.id} model={opened} close={() => setOpened((now) => (now === opened ? undefined : now))} />}
    </Page>
  )
}

/** What is known of a kept model while the marketplace does not answer. */
function unlisted({ id, name, size: bytes }: Download): Owned {
  const [title = id, format = ''] = name.split('.')
  return { id, title, creator: '', format: format.toUpperCase(), size: bytes, sha256: '', file: '' }
}

function RecentlyViewed({ models, open }: { models: readonly Owned[]; open(model: Owned): void }) {
  const { recent, shelf } = useShop()
  const seen = recent.ids.value.flatMap((id) => models.filter((model) => model.id === id && shelf.kept.value?.some((download) => download.id === id)))
  if (seen.length === 0) return null
  return (
    <section class="recent" aria-labelledby="recent">
      <h2 id="recent">Recently viewed</h2>
      <ul>{seen.map((model) => <li key={model.id}><button type="button" class="chip" onClick={() => open(model)}><Stage id={model.id} small /><span>{model.title}</span></button></li>)}</ul>
    </section>
  )
}

function ModelCard({ model, download, open }: { model: Owned; download: Download | undefined; open(): void }) {
  const { shelf } = useShop()
  const task = useTask()
  const saving = shelf.saving.value.get(model.id)
  const share = saving && saving.totalBytes > 0 ? saving.receivedBytes / saving.totalBytes : 0
  return (
    <article class="card" aria-labelledby={`title-${model.id}`}>
      <Stage id={model.id} />
      <div class="about">
        <h2 id={`title-${model.id}`}>{model.title}</h2>
        <p class="facts">{[model.creator, model.format, size(model.size)].filter((fact) => fact !== '').join(' · ')}</p>
        {saving ? (
          <div class="saving">
            <progress max={1} value={share} aria-label={`Keeping ${model.title}`} />
            <span class="share">{Math.floor(share * 100)} %</span>
            <button type="button" class="quiet small" onClick={() => saving.cancel()}>Cancel<span class="unseen"> keeping {model.title}</span></button>
          </div>
        ) : download ? (
          <div class="choices">
            <button type="button" class="primary" onClick={open}><span>Open<span class="unseen"> {model.title}</span></span></button>
            <button type="button" class="quiet" aria-disabled={task.busy} onClick={() => task.run(() => shelf.remove(model.id))}><span>Remove<span class="unseen"> {model.title}</span> from this device</span></button>
          </div>
        ) : (
          <div class="choices">
            <button type="button" class="quiet" aria-disabled={task.busy} onClick={() => task.run(() => shelf.keep(model))}><Icon name="keep" /><span>Keep<span class="unseen"> {model.title}</span> on this device</span></button>
          </div>
        )}
        <Problem error={task.error} />
      </div>
      {download && <p class="badge"><Icon name="kept" />On this device</p>}
    </article>
  )
}
