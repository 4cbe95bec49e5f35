/** `printResult`: what a server answered, in the form that was asked for. */
import type { ImageProtocol } from "../connect/inline-image.ts";
import type { Part } from "../connect/result-parts.ts";
import { dataText, showParts } from "../connect/show-parts.ts";
import { print } from "../output.ts";
import { colours } from "../terminal.ts";

export interface ResultForm {
  output: string | undefined;
  save?: string | undefined;
}

/** @param text the result as JSON */
export async function printResult(parts: () => Part[], text: string, form: ResultForm): Promise<void> {
  const isTerminal = process.stdout.isTTY;
  switch (form.output) {
    case "json":
      await print(dataText(`${text.trim()}\n`, isTerminal));
      break;
    case "yaml": {
      const { yamlText } = await import("../connect/yaml-text.ts");
      await print(dataText(yamlText(text), isTerminal));
      break;
    }
    default:
      await print(await shownParts(parts(), process.stdout, form.save));
  }
}

/** As people read it on this stream. */
export async function shownParts(
  parts: Part[],
  stream: { isTTY?: boolean },
  folder: string | undefined,
): Promise<string> {
  const { saveData } = await import("../connect/save-data.ts");
  const isTerminal = stream.isTTY === true;
  return showParts(parts, {
    isTerminal,
    colours: await colours(stream),
    images: isTerminal ? await imagesOf() : undefined,
    save: folder === undefined ? undefined : (bytes, what, type) => saveData(folder, bytes, what, type),
  });
}

async function imagesOf(): Promise<ImageProtocol | undefined> {
  const { imageProtocol } = await import("../connect/inline-image.ts");
  return imageProtocol(process.env);
}
