export { withHeadroom, type WrapOptions } from "../wrap/index.js";
