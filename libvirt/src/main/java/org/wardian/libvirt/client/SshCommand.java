package org.wardian.libvirt.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What reaches a daemon by ssh: the words of the system's {@code ssh}, whose options come from the
 * URI's parameters as libvirt's do, and what is run at the far end to connect it to the daemon's
 * UNIX socket.
 */
final class SshCommand {
  private static final String SYSTEM = "/var/run/libvirt/";

  private final ConnectionUri uri;
  private final boolean readOnly;

  SshCommand(ConnectionUri uri, boolean readOnly) {
    this.uri = uri;
    this.readOnly = readOnly;
  }

  private boolean on(String parameter) {
    return !uri.parameters().getOrDefault(parameter, "0").equals("0");
  }

  /**
   * The command.
   *
   * @throws IllegalArgumentException for a parameter whose value means nothing
   */
  List<String> words() {
    Map<String, String> parameters = uri.parameters();
    List<String> words = new ArrayList<>(List.of(parameters.getOrDefault("command", "ssh")));
    if (uri.port() > 0) {
      words.addAll(List.of("-p", Integer.toString(uri.port())));
    }
    if (uri.user() != null) {
      words.addAll(List.of("-l", uri.user()));
    }
    if (parameters.containsKey("keyfile")) {
      words.addAll(List.of("-i", parameters.get("keyfile")));
    }
    // No terminal at the far end, and no byte that means something to ssh itself.
    words.addAll(List.of("-T", "-e", "none"));
    if (on("no_tty")) {
      words.addAll(List.of("-o", "BatchMode=yes"));
    }
    if (on("no_verify")) {
      words.addAll(List.of("-o", "StrictHostKeyChecking=no"));
    }
    if (parameters.containsKey("known_hosts")) {
      words.addAll(List.of("-o", "UserKnownHostsFile=" + parameters.get("known_hosts")));
    }
    words.add("--");
    words.add(uri.host() == null ? "localhost" : uri.host());
    // The user's shell there may be any, and gets it as one line.
    words.add("sh -c " + quote(script()));
    return words;
  }

  /** As ssh is called by hand, for a message. */
  String byHand() {
    StringBuilder text = new StringBuilder(uri.parameters().getOrDefault("command", "ssh"));
    if (uri.port() > 0) {
      text.append(" -p ").append(uri.port());
    }
    if (uri.parameters().containsKey("keyfile")) {
      text.append(" -i ").append(uri.parameters().get("keyfile"));
    }
    text.append(' ');
    if (uri.user() != null) {
      text.append(uri.user()).append('@');
    }
    return text.append(uri.host() == null ? "localhost" : uri.host()).toString();
  }

  static String quote(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }

  /** For {@code sh} at the far end: connects its input and output to the daemon's socket. */
  private String script() {
    String proxy = uri.parameters().getOrDefault("proxy", "auto");
    boolean given =
        uri.parameters().containsKey("socket") || uri.parameters().containsKey("netcat");
    List<String> ways =
        switch (proxy) {
          case "native" -> List.of(libvirts(), ours());
          case "netcat" -> List.of(netcat());
          // libvirt's helper finds the socket by itself, and takes no other.
          case "auto" -> given ? List.of(netcat(), ours()) : List.of(libvirts(), netcat(), ours());
          default ->
              throw new IllegalArgumentException(
                  "proxy=" + proxy + " means nothing; there are auto, native, netcat");
        };
    return String.join(" ", ways)
        + " echo 'there is no virt-ssh-helper, no nc that knows -U and no ward on the path' >&2;"
        + " exit 127";
  }

  private String flag() {
    return readOnly ? " -r" : "";
  }

  private String libvirts() {
    return "if command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper%s %s; fi;"
        .formatted(flag(), quote(uri.name()));
  }

  /** The same of {@code ward}, for a host that has neither: it takes longer to start. */
  private String ours() {
    String socket = uri.parameters().get("socket");
    String name =
        socket == null
            ? uri.name()
            : uri.driver() + "+unix://" + uri.path() + "?socket=" + escape(socket);
    return "if command -v ward >/dev/null 2>&1; then exec ward virt-ssh-helper%s %s; fi;"
        .formatted(flag(), quote(name));
  }

  private static String escape(String path) {
    return java.net.URLEncoder.encode(path, java.nio.charset.StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("%2F", "/");
  }

  /** Netcat ends at once when this side does only where it is told so, and only one kind can be. */
  private String netcat() {
    String program = quote(uri.parameters().getOrDefault("netcat", "nc"));
    return ("S=%2$s; if %1$s -h 2>&1 | grep -q -e -U; then"
            + " if %1$s -q 2>&1 | grep -q 'requires an argument'; then exec %1$s -q0 -U \"$S\";"
            + " else exec %1$s -U \"$S\"; fi; fi;")
        .formatted(program, socket());
  }

  /** The socket's path as a word of the shell. */
  private String socket() {
    String given = uri.parameters().get("socket");
    if (given != null) {
      return quote(given);
    }
    String mode = uri.parameters().getOrDefault("mode", "auto");
    String name = mode.equals("direct") ? "virt" + uri.driver() + "d-sock" : "libvirt-sock";
    String system = quote(SYSTEM + name + (readOnly ? "-ro" : ""));
    if (!uri.isSession()) {
      return system;
    }
    return "$(if test \"$(id -u)\" = 0; then echo %s;".formatted(system)
        + " else echo \"${XDG_RUNTIME_DIR:-$HOME/.cache}\"/libvirt/%s; fi)".formatted(name);
  }
}
