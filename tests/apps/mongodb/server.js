// Keeps values in the MongoDB of MONGODB_URL. PUT /KEY/VALUE writes, GET /KEY reads, GET /checks/NAME runs a check of the
// driver's features and answers what came out. A refusal of the database is a 503 with its reason.
const http = require("http");
const { MongoClient } = require("mongodb");

const url = process.env.MONGODB_URL;
const client = url && new MongoClient(url, { serverSelectionTimeoutMS: 5000 });

const checks = {
  async cursor(db) {
    const things = db.collection("things");
    await things.deleteMany({});
    await things.insertMany(Array.from({ length: 500 }, (_, i) => ({ _id: i, a: i % 5 })));
    let seen = 0, before = -1, sorted = true;
    for await (const thing of things.find().sort({ a: 1 }).batchSize(37)) {
      sorted = sorted && thing.a >= before;
      before = thing.a;
      seen++;
    }
    return { seen, sorted };
  },
  async aggregate(db) {
    return db.collection("things").aggregate([{ $match: { a: { $lt: 2 } } }, { $group: { _id: "$a", n: { $sum: 1 } } }, { $sort: { _id: 1 } }]).toArray();
  },
  async index(db) {
    const words = db.collection("words");
    await words.drop().catch(() => {});
    await words.insertOne({ word: "one" });
    await words.createIndex({ word: 1 }, { unique: true });
    const again = await words.insertOne({ word: "one" }).then(() => "no refusal", (e) => e.code);
    const names = (await words.indexes()).map((i) => i.name).sort();
    await words.dropIndex("word_1");
    await words.insertOne({ word: "one" });
    return { again, names, count: await words.countDocuments() };
  },
  async modify(db) {
    const numbers = db.collection("numbers");
    await numbers.deleteMany({});
    const upserted = await numbers.updateOne({ _id: "n" }, { $set: { v: 1 } }, { upsert: true });
    const after = await numbers.findOneAndUpdate({ _id: "n" }, { $inc: { v: 41 } }, { returnDocument: "after" });
    return { upserted: upserted.upsertedCount, after: after.v };
  },
  async transaction(db) {
    const session = client.startSession();
    try {
      await session.withTransaction(() => db.collection("things").insertOne({ never: 1 }, { session }));
      return { refused: false };
    } catch (e) {
      return { refused: true, code: e.code, reason: e.message, there: await db.collection("things").countDocuments({ never: 1 }) };
    } finally {
      await session.endSession();
    }
  },
};

async function answer(request) {
  const [first, second] = request.url.split("/").slice(1);
  if (!first) return "up\n";
  const db = client.db();
  const kept = db.collection("kept");
  if (first === "checks") return JSON.stringify(await checks[second](db));
  if (request.method === "PUT") {
    await kept.updateOne({ _id: first }, { $set: { v: second } }, { upsert: true });
    return "kept\n";
  }
  return `${(await kept.findOne({ _id: first }))?.v ?? "nothing"}\n`;
}

http.createServer((request, response) => {
  answer(request).then(
    (body) => response.end(body),
    (e) => response.writeHead(503).end(`${e.message}\n`));
}).listen(process.env.PORT);
