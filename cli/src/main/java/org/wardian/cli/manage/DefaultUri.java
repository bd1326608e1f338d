package org.wardian.cli.manage;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.wardian.libvirt.client.ClientSettings;
import org.wardian.libvirt.client.ConnectionUri;
import org.wardian.libvirt.client.SocketPaths;

/**
 * Which daemon is meant where none is named.
 *
 * @param environment the process's variables
 * @param root whether the user is root
 * @param configured what libvirt's file for clients says
 * @param answers whether somebody accepts connections at a socket
 */
record DefaultUri(
    Map<String, String> environment,
    boolean root,
    Optional<String> configured,
    Predicate<Path> answers) {
  /** Ours alone, before libvirt's own. */
  static final String OWN_VARIABLE = "WARDIAN_URI";

  private static final String LIBVIRT_VARIABLE = "LIBVIRT_DEFAULT_URI";
  private static final String SYSTEM = "qemu:///system";
  private static final String SESSION = "qemu:///session";

  static DefaultUri of(ClientSettings settings) {
    return new DefaultUri(
        System.getenv(),
        "root".equals(System.getProperty("user.name")),
        settings.defaultUri(),
        OwnDaemon::answers);
  }

  String choose() {
    for (String variable : new String[] {OWN_VARIABLE, LIBVIRT_VARIABLE}) {
      String value = environment.get(variable);
      if (value != null && !value.isBlank()) {
        return value.strip();
      }
    }
    if (configured.isPresent()) {
      return configured.get();
    }
    if (root) {
      return SYSTEM;
    }
    Path socket = SocketPaths.ofThisProcess().socket(ConnectionUri.parse(SYSTEM), false);
    return answers.test(socket) ? SYSTEM : SESSION;
  }
}
