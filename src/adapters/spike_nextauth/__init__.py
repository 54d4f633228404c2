"""Authenticates by the session cookies of NextAuth v4 and Auth.js v5, whose strategy is `jwt`."""

from spike_nextauth.authenticator import NextAuthAuthenticator
from spike_nextauth.tokens import NextAuthTokens

__all__ = ["NextAuthAuthenticator", "NextAuthTokens"]
