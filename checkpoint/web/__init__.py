"""The edge's screens: ``pages`` makes the renderer, ``router`` the routes, ``HOME_BY_ROLE`` who starts where."""

from checkpoint.web.routes import HOME_BY_ROLE, pages, router

__all__ = ["HOME_BY_ROLE", "pages", "router"]
