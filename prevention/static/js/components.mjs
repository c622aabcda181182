// The design system's components: menu, error summary, character count, conditional questions.

import { initAll } from "../vendor/govuk-frontend/govuk-frontend.min.js";

initAll();
