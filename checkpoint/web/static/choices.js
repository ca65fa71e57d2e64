// What an officer chooses from about a crossing: the same at the lane and on a handheld.
import { word } from "../web/js/labels.js";

export const CATEGORIES = ["tourist", "border_resident", "expert", "driver_or_crew", "returning_citizen", "official"];
export const PURPOSES = ["trade_or_work", "family_visit", "medical", "tourism", "official_duty", "project_expert", "driver_or_cargo", "returning_home", "other"];
export const SYMPTOMS = ["fever", "cough", "shortness_of_breath", "sore_throat", "vomiting", "diarrhoea", "haemorrhage", "rash"];
export const EXPOSURES = ["farm_or_animal_market", "slaughter", "care_of_patient", "contact_with_patient"];
export const choices = (section, slugs) => slugs.map((slug) => [slug, word(section, slug)]);
