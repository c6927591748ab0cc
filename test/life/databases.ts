// Counts the databases that are open where this is called, from then on.

export function countDatabases(): ReadonlySet<IDBDatabase> {
  const databases = new Set<IDBDatabase>()
  const { open } = IDBFactory.prototype
  IDBFactory.prototype.open = function (...given) {
    const request = open.apply(this, given)
    request.addEventListener('success', () => databases.add(request.result))
    return request
  }
  const { close } = IDBDatabase.prototype
  IDBDatabase.prototype.close = function () {
    databases.delete(this)
    close.call(this)
  }
  return databases
}
