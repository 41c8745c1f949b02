// Reads {rows, cols, writes: [[base64, look], ...]} a line each from standard input; answers with what the terminal shows
// after every write that is to be looked at, one JSON line for each terminal.
import { createInterface } from "node:readline";
import headless from "@xterm/headless";

const attributes = (cell) =>
  [
    cell.getFgColorMode(), cell.getFgColor(), cell.getBgColorMode(), cell.getBgColor(), cell.isBold(), cell.isItalic(), cell.isDim(),
    cell.isUnderline(), cell.isBlink(), cell.isInverse(), cell.isInvisible(), cell.isStrikethrough(), cell.isOverline(),
  ].join(" ");

function look(terminal) {
  const buffer = terminal.buffer.active;
  const shown = [];
  for (let y = 0; y < buffer.length; y++) {
    const line = buffer.getLine(y);
    let runs = [];
    let last = "";
    for (let x = 0; x < line.length; x++) {
      const cell = line.getCell(x);
      const now = attributes(cell);
      if (now !== last) runs.push(`<${now}>`);
      runs.push(cell.getChars() || (cell.getWidth() ? " " : ""));
      last = now;
    }
    shown.push(runs.join(""));
  }
  return { type: buffer.type, history: buffer.baseY, x: buffer.cursorX, y: buffer.cursorY, lines: shown };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { rows, cols, writes } = JSON.parse(line);
  const terminal = new headless.Terminal({ rows, cols, scrollback: 5000, allowProposedApi: true });
  const screens = [];
  for (const [data, wanted] of writes) {
    await new Promise((done) => terminal.write(Buffer.from(data, "base64"), done));
    if (wanted) screens.push(look(terminal));
  }
  terminal.dispose();
  process.stdout.write(JSON.stringify(screens) + "\n");
}
