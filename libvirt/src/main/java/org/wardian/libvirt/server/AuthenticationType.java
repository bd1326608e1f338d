package org.wardian.libvirt.server;

/** How a client may authenticate; its place is its number ({@code remote_auth_type}). */
public enum AuthenticationType {
  /** Not at all. */
  NONE,
  /** By a mechanism of SASL (RFC 4422). */
  SASL,
  /** By the host's policy about users of UNIX sockets. */
  POLKIT
}
