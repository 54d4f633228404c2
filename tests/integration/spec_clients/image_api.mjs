// Puts the specification's class for images to use: each method, and its way of failing.

export default async function drive(SpikeImageAPI, { imageFile }, { base, targetAlbum, sourceAlbum }) {
  const api = new SpikeImageAPI(base);
  const refusal = (promise) => promise.then(() => null, (error) => JSON.parse(error.message));

  const uploaded = await api.uploadImage(imageFile);
  const placed = await api.uploadImage(imageFile, sourceAlbum);
  const id = uploaded.image.id;
  const other = placed.image.id;
  return {
    uploaded,
    placed,
    enhanced: await api.enhanceImage(id, "TIER_2K"),
    blended: await api.enhanceImage(id, "TIER_1K", { imageId: other }),
    inParallel: await api.parallelEnhance(id, ["FREE", "TIER_1K"]),
    shown: await api.getImage(id),
    added: await api.moveToAlbum([id], targetAlbum),
    moved: await api.moveToAlbum([id, other], targetAlbum, sourceAlbum),
    deleted: await api.deleteImage(id),
    refused: {
      enhanced: await refusal(api.enhanceImage(id, "TIER_2K")),
      inParallel: await refusal(api.parallelEnhance(other, ["TIER_1K", "TIER_1K"])),
      shown: await refusal(api.getImage(id)),
      moved: await refusal(api.moveToAlbum(["img_123abc"], targetAlbum)),
      deleted: await refusal(api.deleteImage(id)),
    },
  };
}
