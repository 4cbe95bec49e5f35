/** `mainText`: the program of a new plugin. */
export function mainText(name: string): string {
  return `/** ${name}: reports tool calls that fail or take too long. */
import { definePlugin } from "#plugin-sdk";
import manifest from "./manifest.json" with { type: "json" };

definePlugin<{ slow_ms: number }>({
  ...manifest,
  onEvent(event, km) {
    const { tool, duration_ms = 0 } = event;
    if (tool === undefined || (event.type !== "response" && event.type !== "error")) return;
    km.metric(\`duration.\${tool}\`, duration_ms, "ms");
    if (event.error_type !== undefined) {
      km.finding({ severity: "medium", code: "TOOL_FAILED", title: \`\${tool} failed\`, event_id: event.id });
    } else if (duration_ms > km.configuration.slow_ms) {
      km.finding({ severity: "low", code: "TOOL_SLOW", title: \`\${tool} took \${duration_ms} ms\`, event_id: event.id });
    }
  },
});
`;
}
