// SPDX-License-Identifier: GPL-2.0-only
// Reads payloads, one a line, and prints for each the digest of every state, as the player has it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { Decoder } = await import(pathToFileURL(process.argv[2]));

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const trace = new Decoder(JSON.parse(line));
  const digests = [];
  for (let k = 0; k <= trace.steps; k++) {
    const text = JSON.stringify(trace.state(k), (key, value) => {
      if (value && typeof value === "object" && "text" in value) {
        const { text: _, ...rest } = value;
        return rest;
      }
      return value;
    });
    digests.push(createHash("sha256").update(text).digest("hex").slice(0, 16));
  }
  console.log(JSON.stringify(digests));
}
