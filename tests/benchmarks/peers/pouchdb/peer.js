// The peer of the benchmark push: one PouchDB (leveldb) replicates documents to another behind express-pouchdb.
//   node peer.js serve PORT FOLDER               serve databases kept in FOLDER; prints "ready"
//   node peer.js push URL FOLDER RECORDS BATCH   make RECORDS documents in FOLDER, replicate, print one line of JSON
// The folder's last part must end with a slash. Documents are what a crossing's record holds, about 0.9 kB of JSON.
"use strict";

const crypto = require("node:crypto");
const express = require("express");
const PouchDB = require("pouchdb");

const NOTE_BYTES = 300;

function documentOf(number) {
  return {
    _id: `crossing-${String(number).padStart(9, "0")}`,
    type: "crossing_screened",
    edge_id: "mong-cai-1",
    lane_id: "lane-1",
    sequence: number,
    observed_at: "2026-11-22T01:00:00Z",
    previous_hash: crypto.randomBytes(32).toString("hex"),
    facts: { direction: "entry", category: "tourist", purpose: "tourism", nationality: "VNM", age_years: 41 },
    measurements: [{ device_id: "gy-1", kind: "raw_skin", site: "face_maximum", temperature_c: 36.5 }],
    assessment: { outcome: "cleared", policy: "directive-000/1", threshold_c: 37.5 },
    disposition: "cleared",
    sealed: crypto.randomBytes(NOTE_BYTES * 0.75).toString("base64"),
  };
}

function serve(port, folder) {
  const app = express();
  const stored = PouchDB.defaults({ prefix: folder });
  app.use("/", require("express-pouchdb")(stored, { mode: "minimumForPouchDB", inMemoryConfig: true, logPath: `${folder}log.txt` }));
  app.listen(port, "127.0.0.1", () => process.stdout.write("ready\n"));
}

async function push(url, folder, records, batch) {
  const own = new PouchDB(`${folder}edge`);
  const documents = Array.from({ length: records }, (_, number) => documentOf(number));
  for (let first = 0; first < records; first += batch) {
    await own.bulkDocs(documents.slice(first, first + batch));
  }
  const began = process.hrtime.bigint();
  const result = await own.replicate.to(url, { batch_size: batch });
  const tookS = Number(process.hrtime.bigint() - began) / 1e9;
  const bytes = JSON.stringify(documents[0]).length;
  process.stdout.write(`${JSON.stringify({ written: result.docs_written, took_s: tookS, bytes })}\n`);
  await own.close();
}

const [role, ...words] = process.argv.slice(2);
if (role === "serve") {
  serve(Number(words[0]), words[1]);
} else {
  push(words[0], words[1], Number(words[2]), Number(words[3])).catch((error) => {
    process.stderr.write(`${error.stack || error}\n`);
    process.exitCode = 1;
  });
}
