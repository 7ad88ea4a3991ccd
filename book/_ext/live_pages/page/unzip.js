/** @file The files in a zip, by the browser's own inflate: as much of the format as wheels use. */

const END = 0x06054b50, ENTRY = 0x02014b50, DEFLATED = 8;

/**
 * Each file of a zip; folders are left out.
 * @param {ArrayBuffer} zip @param {(name: string) => boolean} wanted
 * @returns {Promise<Array<import("./kept.js").File>>}
 */
export const unzip = (zip, wanted = () => true) => {
  const found = [...entries(zip)].filter(({ name }) => !name.endsWith("/") && wanted(name));
  /** @param {typeof found[0]} entry @returns {Promise<import("./kept.js").File>} */
  const one = async ({ name, packed, method }) => [name, await inflated(packed, method)];
  return Promise.all(found.map(one));
};

/** What the directory at a zip's end names. @param {ArrayBuffer} zip */
function* entries(zip) {
  const view = new DataView(zip), text = new TextDecoder();
  let end = zip.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) throw new Error("a package is not a zip file");
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== ENTRY) throw new Error("a package's directory is torn");
    const [size, length, extra, remark, start] = [
      view.getUint32(at + 20, true), view.getUint16(at + 28, true), view.getUint16(at + 30, true),
      view.getUint16(at + 32, true), view.getUint32(at + 42, true),
    ];
    // The length of the extra field may differ between the directory and the file's own head.
    const data = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    yield {
      name: text.decode(new Uint8Array(zip, at + 46, length)),
      method: view.getUint16(at + 10, true),
      packed: new Uint8Array(zip, data, size),
    };
    at += 46 + length + extra + remark;
  }
}

/** @param {Uint8Array<ArrayBuffer>} packed @param {number} method */
const inflated = async (packed, method) => {
  if (method !== DEFLATED) return packed.slice();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};
