/** Invoices drawn with pdf-lib on request; the last few stay for a second download. */

import { PDFDocument, rgb, StandardFonts } from 'pdf-lib';
import pacing from '../../support/pace.js';

const INVOICES_PER_SECOND = 4;
const KEEP_INVOICES = 8;

/** By number; the oldest goes when a new one comes. */
const invoices = new Map();

async function draw(number) {
  const document = await PDFDocument.create();
  document.setTitle(`Invoice ${number}`);
  const font = await document.embedFont(StandardFonts.Helvetica);
  const bold = await document.embedFont(StandardFonts.HelveticaBold);
  const page = document.addPage([420, 595]);
  page.drawText(`Invoice ${number}`, { x: 40, y: 540, size: 20, font: bold });
  let y = 500;
  for (let item = 0; item < 12; item += 1) {
    const cents = 250 + ((number * 31 + item * 7) % 9000);
    page.drawText(`Article ${item + 1}`, { x: 40, y, size: 11, font });
    page.drawText((cents / 100).toFixed(2), { x: 320, y, size: 11, font });
    page.drawLine({
      start: { x: 40, y: y - 4 },
      end: { x: 360, y: y - 4 },
      color: rgb(0.8, 0.8, 0.8),
    });
    y -= 24;
  }
  return document.save();
}

const drawing = new Set();

await pacing.pace(INVOICES_PER_SECOND, (number) => {
  const work = draw(number).then((bytes) => {
    invoices.set(number, bytes);
    if (invoices.size > KEEP_INVOICES) invoices.delete(invoices.keys().next().value);
    drawing.delete(work);
  });
  drawing.add(work);
});
await Promise.all(drawing);
