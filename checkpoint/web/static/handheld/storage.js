// Whether what is kept stays: the browser is asked not to clear it, and room that runs out is said before it is gone.
const LEAST_FREE_BYTES = 20 * 1024 * 1024;

export async function keepStorage() {
  if (navigator.storage?.persist && !(await navigator.storage.persisted())) await navigator.storage.persist();
}

// The key of the warning, or null.
export async function isStorageShort() {
  if (!navigator.storage?.estimate) return null;
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  if (quota - usage < LEAST_FREE_BYTES) return "storage_short";
  return (await navigator.storage.persisted?.()) === false ? "storage_unsafe" : null;
}
