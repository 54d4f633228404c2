// Puts the specification's class for pictures from words to use: each method, and its way of failing.

export default async function drive(SpikeMcpAPI, { base64ImageData }, { base, apiKey, loopbackUrl }) {
  const api = new SpikeMcpAPI(apiKey, base);
  const stranger = new SpikeMcpAPI("sk_live_unknown", base);
  const refusal = (promise) => promise.then(() => null, (error) => error.message);

  return {
    generated: await api.generateImage("A serene mountain landscape at sunset", "TIER_1K"),
    generatedWide: await api.generateImage("A city at night", "TIER_1K", {
      negativePrompt: "people",
      aspectRatio: "16:9",
    }),
    modified: await api.modifyImage("Make it look like a watercolor painting", "TIER_1K", base64ImageData),
    modifiedAsJpeg: await api.modifyImage("Add snow", "TIER_1K", base64ImageData, "image/jpeg"),
    refused: {
      loopback: await refusal(api.modifyImage("Add snow", "TIER_1K", loopbackUrl)),
      otherType: await refusal(api.modifyImage("Add snow", "TIER_1K", base64ImageData, "image/png")),
      free: await refusal(api.generateImage("A harbour", "FREE")),
      stranger: await refusal(stranger.generateImage("A harbour", "TIER_1K")),
    },
  };
}
