package org.wardian.network.nat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;

/** The host's name servers and search domains: resolv.conf(5), read again when it changes. */
final class Resolvers {
  private static final Path FILE = Path.of("/etc/resolv.conf");
  private static final int MOST_SERVERS = 8;
  private static final int MOST_DOMAINS = 16;
  private static final long LARGEST_FILE = 1 << 20;

  private final List<InetSocketAddress> given;
  private List<InetSocketAddress> servers = List.of();
  private List<String> domains = List.of();
  private FileTime read;

  Resolvers(NatConfiguration configuration) {
    given = configuration.resolvers();
  }

  /** The name servers, the preferred one first; none where the host has none. */
  List<InetSocketAddress> servers() {
    refresh();
    return given.isEmpty() ? servers : given;
  }

  /** The preferred name server, or null. */
  InetSocketAddress first() {
    List<InetSocketAddress> all = servers();
    return all.isEmpty() ? null : all.getFirst();
  }

  /** The domains that the host searches. */
  List<String> domains() {
    refresh();
    return domains;
  }

  private void refresh() {
    try {
      FileTime changed = Files.getLastModifiedTime(FILE);
      if (changed.equals(read) || Files.size(FILE) > LARGEST_FILE) {
        return;
      }
      String text = new String(Files.readAllBytes(FILE), StandardCharsets.ISO_8859_1);
      servers = servers(text);
      domains = domains(text);
      read = changed;
    } catch (IOException e) {
      // No such file: a host without name servers.
      servers = List.of();
      domains = List.of();
      read = null;
    }
  }

  /** The name servers of a resolv.conf. */
  static List<InetSocketAddress> servers(String text) {
    List<InetSocketAddress> found = new ArrayList<>();
    for (String line : text.lines().toList()) {
      String[] words = line.strip().split("\\s+");
      if (words.length >= 2 && words[0].equals("nameserver") && found.size() < MOST_SERVERS) {
        try {
          found.add(new InetSocketAddress(InetAddress.ofLiteral(words[1]), Routes.DNS_PORT));
        } catch (IllegalArgumentException e) {
          // As resolv.conf(5) has it, a line that is not understood counts for nothing.
          continue;
        }
      }
    }
    return List.copyOf(found);
  }

  /** The search domains of a resolv.conf; its last such line counts. */
  static List<String> domains(String text) {
    List<String> found = List.of();
    for (String line : text.lines().toList()) {
      String[] words = line.strip().split("\\s+");
      if (words.length >= 2 && (words[0].equals("search") || words[0].equals("domain"))) {
        found =
            List.of(words).stream()
                .skip(1)
                .limit(MOST_DOMAINS)
                .filter(word -> !word.equals("."))
                .toList();
      }
    }
    return found;
  }
}
