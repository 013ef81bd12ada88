// Languages, calendars and themes, each loaded from this server when it is needed. The packages'
// own registration would bring some eighty languages along.

import { registerI18nLoader } from "@ui5/webcomponents-base/dist/asset-registries/i18n.js";
import { registerLocaleDataLoader } from "@ui5/webcomponents-base/dist/asset-registries/LocaleData.js";
import { registerThemePropertiesLoader } from "@ui5/webcomponents-base/dist/asset-registries/Themes.js";
import { getI18nBundle } from "@ui5/webcomponents-base/dist/i18nBundle.js";
import { setDefaultFontLoading } from "@ui5/webcomponents-base/dist/config/Fonts.js";
import { setLanguage } from "@ui5/webcomponents-base/dist/config/Language.js";
import { setTheme } from "@ui5/webcomponents-base/dist/config/Theme.js";

const content = (module) => module.default;

const texts = {
  "@ui5/webcomponents": {
    en: () => import("@ui5/webcomponents/dist/generated/assets/i18n/messagebundle_en.json"),
    de: () => import("@ui5/webcomponents/dist/generated/assets/i18n/messagebundle_de.json"),
  },
  "@ui5/webcomponents-icons": {
    en: () => import("@ui5/webcomponents-icons/dist/generated/assets/i18n/messagebundle_en.json"),
    de: () => import("@ui5/webcomponents-icons/dist/generated/assets/i18n/messagebundle_de.json"),
  },
};

const calendars = {
  en: () => import("@ui5/webcomponents-localization/dist/generated/assets/cldr/en.json"),
  de: () => import("@ui5/webcomponents-localization/dist/generated/assets/cldr/de.json"),
};

const themes = {
  "@ui5/webcomponents-theming": {
    sap_horizon: () => import("@ui5/webcomponents-theming/dist/generated/assets/themes/sap_horizon/parameters-bundle.css.json"),
    sap_horizon_dark: () => import("@ui5/webcomponents-theming/dist/generated/assets/themes/sap_horizon_dark/parameters-bundle.css.json"),
    sap_horizon_hcb: () => import("@ui5/webcomponents-theming/dist/generated/assets/themes/sap_horizon_hcb/parameters-bundle.css.json"),
    sap_horizon_hcw: () => import("@ui5/webcomponents-theming/dist/generated/assets/themes/sap_horizon_hcw/parameters-bundle.css.json"),
  },
  "@ui5/webcomponents": {
    sap_horizon: () => import("@ui5/webcomponents/dist/generated/assets/themes/sap_horizon/parameters-bundle.css.json"),
    sap_horizon_dark: () => import("@ui5/webcomponents/dist/generated/assets/themes/sap_horizon_dark/parameters-bundle.css.json"),
    sap_horizon_hcb: () => import("@ui5/webcomponents/dist/generated/assets/themes/sap_horizon_hcb/parameters-bundle.css.json"),
    sap_horizon_hcw: () => import("@ui5/webcomponents/dist/generated/assets/themes/sap_horizon_hcw/parameters-bundle.css.json"),
  },
};

const chosen = {
  light: "sap_horizon",
  dark: "sap_horizon_dark",
  "contrast-black": "sap_horizon_hcb",
  "contrast-white": "sap_horizon_hcw",
};

for (const [name, languages] of Object.entries(texts)) {
  for (const [language, load] of Object.entries(languages)) {
    registerI18nLoader(name, language, async () => content(await load()));
  }
}
for (const [language, load] of Object.entries(calendars)) {
  registerLocaleDataLoader(language, async () => content(await load()));
}
for (const [name, bundles] of Object.entries(themes)) {
  const target = name === "@ui5/webcomponents" ? "host" : "root";
  for (const [theme, load] of Object.entries(bundles)) {
    registerThemePropertiesLoader(name, theme, async () => content(await load()), target);
  }
}

/** The theme that the page says, or that the system prefers. */
function theme() {
  const wanted = document.documentElement.dataset.theme;
  const contrast = matchMedia("(prefers-contrast: more)").matches;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const system = contrast ? (dark ? "contrast-black" : "contrast-white") : dark ? "dark" : "light";
  return chosen[wanted] ?? chosen[system];
}

setDefaultFontLoading(false);
setLanguage(document.documentElement.lang);
setTheme(theme());
for (const preference of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
  matchMedia(preference).addEventListener("change", () => setTheme(theme()));
}

// The components are evaluated after this. Their items may be drawn by those that hold them before
// they have waited for their texts themselves, and fail without.
await Promise.all(Object.keys(texts).map((name) => getI18nBundle(name)));
