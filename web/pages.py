"""Jinja pages: autoescaped, in the reader's language, with the labels that the page's modules need."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import msgspec
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from web.assets import Assets
from web.language import LANGUAGES, Labels, label, language_of, next_language, theme_of
from web.roles import is_allowed
from web.sign_in import Session

OWN_TEMPLATES = Path(__file__).parent / "templates"
_FOR_ALL_PAGES = ("language", "refusal", "look")


class Pages:
    """Renders templates of this room and of one service. Undefined names are errors, never blanks."""

    def __init__(
        self, *, labels: Labels, assets: Assets, template_folder: Path, service_key: str, is_exercise: bool = False
    ) -> None:
        """``labels``: language -> section -> key -> text. ``service_key``: label of the service's name.

        ``is_exercise``: the service is a drill's, which the pages may know.
        """
        self.is_exercise = is_exercise
        self.labels = labels
        self.assets = assets
        self._service_key = service_key
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader([template_folder, OWN_TEMPLATES]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self,
        request: Request,
        template: str,
        *,
        sections: Sequence[str] = (),
        http_code: int = 200,
        language: str | None = None,
        **context: object,
    ) -> HTMLResponse:
        """Fill ``template``; ``sections``: the label sections that its modules read; ``language``: not the reader's."""
        language = language or language_of(request)
        session: Session | None = getattr(request.state, "session", None)

        def words(key: str, **values: object) -> str:
            return label(self.labels, key, language=language, values=values)

        def allows(action: str) -> bool:
            return session is not None and is_allowed(session.role, action=action)

        page = self._jinja.get_template(template).render(
            t=words,
            allows=allows,
            url=self.assets.url,
            language=language,
            languages=LANGUAGES,
            next_language=next_language(language),
            theme=theme_of(request),
            session=session,
            service_key=self._service_key,
            is_exercise=self.is_exercise,
            path=request.url.path,
            labels_json=self._labels_json(language, sections=(*_FOR_ALL_PAGES, *sections)),
            **context,
        )
        return HTMLResponse(page, status_code=http_code)

    def _labels_json(self, language: str, *, sections: Sequence[str]) -> Markup:
        chosen: Mapping[str, Mapping[str, str]] = {
            name: self.labels[language][name] for name in sections if name in self.labels[language]
        }
        text = msgspec.json.encode(chosen).decode()
        # "<" would end the data block early; JSON may write it as an escape.
        return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 - escaped just here
