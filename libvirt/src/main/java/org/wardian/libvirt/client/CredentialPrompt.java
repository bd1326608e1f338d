package org.wardian.libvirt.client;

import java.util.Optional;

/**
 * Asks a person for what a daemon wants to know and nothing else has told: the last resort, after
 * the program's own options, the URI and libvirt's {@code auth.conf}.
 */
public interface CredentialPrompt {
  /** The name; empty where there is nobody to ask, or no answer. */
  Optional<String> user(String host);

  /** The password, which nobody else may see; empty as above. */
  Optional<String> password(String user, String host);
}
