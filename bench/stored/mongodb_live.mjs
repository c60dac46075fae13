// Readings by MongoDB's driver for Node.js, as one would write it in an afternoon: one document a
// reading, whose `_id` is the site and the stamp, so that there is one index to keep.

import { MongoClient } from "mongodb";
import { NAMES, written } from "../common/fastify_service.mjs";

const DUPLICATE_KEY = 11000;

export async function openLive(uri) {
  const client = await MongoClient.connect(uri, { writeConcern: { w: "majority", journal: true } });
  const live = client.db().collection("live");

  // Inserts documents and returns those whose site and stamp were taken.
  async function insert(documents) {
    try {
      if (documents.length === 1) await live.insertOne(documents[0]);
      else if (documents.length) await live.insertMany(documents, { ordered: false });
    } catch (error) {
      if (error.code !== DUPLICATE_KEY) throw error;
      if (documents.length === 1) return documents;
      const failures = [error.writeErrors].flat();
      if (failures.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
      return failures.map(({ index }) => documents[index]);
    }
    return [];
  }

  // The stored documents of the same sites and stamps, by stamp.
  async function stored(documents) {
    if (documents.length === 0) return new Map();
    const ids = documents.map(({ _id }) => _id);
    const batchSize = ids.length + 1;
    const found = await live.find({ _id: { $in: ids } }, { batchSize }).toArray();
    return new Map(found.map((document) => [document._id.stamp.getTime(), document]));
  }

  return {
    async push(siteId, readings, overwrite, dryRun) {
      const documents = [];
      let first = Infinity;
      let last = -Infinity;
      for (const [instant, values] of readings) {
        documents.push(toDocument(siteId, instant, values));
        if (instant < first) first = instant;
        if (instant > last) last = instant;
      }
      const pending = dryRun ? documents : await insert(documents);
      const known = await stored(pending);
      const taken = pending.filter((document) => known.has(document._id.stamp.getTime()));
      const different = taken.filter((d) => !same(d, known.get(d._id.stamp.getTime())));
      if (different.length && overwrite && !dryRun) {
        const changes = different.map((document) => ({
          replaceOne: { filter: { _id: document._id }, replacement: document },
        }));
        await live.bulkWrite(changes, { ordered: false });
      }
      const receipt = {
        received: documents.length,
        stored: documents.length - taken.length,
        unchanged: taken.length - different.length,
        replaced: overwrite ? different.length : 0,
        conflicts: overwrite ? 0 : different.length,
      };
      if (documents.length) Object.assign(receipt, { first: written(first), last: written(last) });
      if (receipt.conflicts && !dryRun) throw failure(409, JSON.stringify(receipt));
      return receipt;
    },

    async latest(siteId) {
      const bounds = { $gte: { site: siteId }, $lt: { site: siteId + 1 } };
      const document = await live.findOne({ _id: bounds }, { sort: { _id: -1 } });
      if (!document) throw failure(404, "the site has no readings");
      return [document._id.stamp.getTime(), NAMES.map((name) => document[name])];
    },

    // Up to `limit` documents with start <= stamp < end, in milliseconds, by stamp.
    between(siteId, start, end, descending, limit) {
      const bounds = { $gte: toId(siteId, start), $lt: toId(siteId, end) };
      // In one batch, where the server would give 101 documents first.
      const options = { sort: { _id: descending ? -1 : 1 }, limit, batchSize: limit + 1 };
      return live.find({ _id: bounds }, options).toArray();
    },
  };
}

function toId(siteId, instant) {
  return { site: siteId, stamp: new Date(instant) };
}

function toDocument(siteId, instant, [soc, load, net, pv, bio, cro]) {
  return {
    _id: toId(siteId, instant), soc, load_kwh: load, net_load_kwh: net,
    pv_notification: pv, bio_notification: bio, cro_notification: cro,
  };
}

function same(one, other) {
  return NAMES.every((name) => one[name] === other[name]);
}

function failure(statusCode, message) {
  return Object.assign(new Error(message), { statusCode });
}
