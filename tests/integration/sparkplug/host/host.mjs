// A Sparkplug host that shares no line with us: npm's mqtt and sparkplug-payload.
// Arguments: broker URL, host id, edge node as group/node. Prints one JSON object a line; a line on
// its standard input asks the node for a rebirth.
import { createInterface } from "node:readline";
import mqtt from "mqtt";
import sparkplug from "sparkplug-payload";

const [url, hostId, descriptor] = process.argv.slice(2);
const [group, node] = descriptor.split("/");
const { decodePayload, encodePayload } = sparkplug.get("spBv1.0");
const stateTopic = `spBv1.0/STATE/${hostId}`;
const timestamp = Date.now();
const state = (online) => JSON.stringify({ online, timestamp });
const names = new Map();

const say = (thing) => process.stdout.write(`${JSON.stringify(thing)}\n`);
const host = mqtt.connect(url, {
  clean: true,
  will: { topic: stateTopic, payload: Buffer.from(state(false)), qos: 1, retain: true },
});

host.on("connect", async () => {
  await host.subscribeAsync([stateTopic, `spBv1.0/${group}/#`], { qos: 1 });
  await host.publishAsync(stateTopic, state(true), { qos: 1, retain: true });
  say({ kind: "ready" });
});

host.on("message", (topic, bytes) => {
  const [, , kind, , device = ""] = topic.split("/");
  if (topic === stateTopic || kind === "NCMD") return;
  const { metrics = [], seq } = decodePayload(bytes);
  for (const metric of metrics) {
    if (metric.name && metric.alias) names.set(Number(metric.alias), metric.name);
  }
  const values = metrics.map((metric) => ({
    name: metric.name || names.get(Number(metric.alias)) || null,
    value: typeof metric.value === "object" ? Number(metric.value) : metric.value,
    isNull: Boolean(metric.isNull),
    quality: metric.properties?.Quality?.value ?? 192,
  }));
  say({ kind, device, seq: Number(seq ?? -1), values });
});

createInterface({ input: process.stdin }).on("line", () => {
  const rebirth = { name: "Node Control/Rebirth", type: "Boolean", value: true };
  const payload = encodePayload({ timestamp: Date.now(), metrics: [rebirth] });
  host.publish(`spBv1.0/${group}/NCMD/${node}`, Buffer.from(payload));
});
