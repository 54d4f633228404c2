// Keeps files that aren't uploaded yet, in IndexedDB, so that uploads go on after a reload. A record is an upload: its file, its place
// in the queue, and the request that it belongs to, with the request's idempotency key. Where there is no IndexedDB, nothing is kept.

const NAME = 'spike-uploads';
const STORE = 'uploads';
let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function transact(mode, work) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const result = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(result?.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch (error) {
    console.warn('uploads are not kept across a reload', error); // private windows, and disks that are full
    return undefined;
  }
}

export const keepUploads = (records) =>
  transact('readwrite', (store) => {
    for (const record of records) store.put(record);
  });
export const forgetUploads = (ids) =>
  transact('readwrite', (store) => {
    for (const id of ids) store.delete(id);
  });
export const keptUploads = async () => (await transact('readonly', (store) => store.getAll())) ?? [];
