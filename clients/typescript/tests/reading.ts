import type { Reading } from "../src/index.js";

/** A reading, as the service tells it. */
export const READING: Reading = {
  "dt-stamp": "2023-01-01T00:30:00Z",
  soc: 30,
  load_kwh: 1,
  net_load_kwh: 2,
  pv_notification: true,
  bio_notification: false,
  cro_notification: false,
};
