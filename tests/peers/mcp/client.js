// Usage: node client.js URL, or node client.js COMMAND WORD …
// Writes the names of the tools, the reply of a search, a record and an error as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [first, ...args] = process.argv.slice(2);
const transport = first.startsWith("http://")
  ? new StreamableHTTPClientTransport(new URL(first))
  : new StdioClientTransport({ command: first, args, env: process.env, stderr: "inherit" });
const client = new Client({ name: "peer", version: "1.0.0" });
await client.connect(transport);
const { tools } = await client.listTools();
const found = await client.callTool({ name: "search", arguments: { text: "deceptive alignment" } });
const wrong = await client.callTool({ name: "get", arguments: { id: "goal-drfit" } });
const record = await client.readResource({ uri: "threatgraph://record/pattern/goal-drift" });
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), found, wrong, record }));
await client.close();
