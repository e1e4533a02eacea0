/** The page of one to-do. */

import { findById } from "../progress/dom.js";
import { enableDetail } from "./detail.js";

enableDetail(findById("todo-detail"));
