package org.wardian.boot.catalogue;

import java.net.URI;
import java.util.List;

/**
 * One binary package source of the machine's apt configuration.
 *
 * @param uri the archive's address, always {@code http} or {@code https} with a host
 * @param suite the suite or code name, such as {@code bookworm-security}
 * @param components the components, such as {@code main}
 * @param signedBy the key ring named for it, or empty
 */
record AptSource(URI uri, String suite, List<String> components, String signedBy) {
  AptSource {
    components = List.copyOf(components);
  }
}
