package org.wardian.cli.manage;

import java.io.Console;
import java.util.Optional;
import org.wardian.libvirt.client.CredentialPrompt;

/** Names and passwords, asked for at the terminal; without one nothing is asked. */
final class TerminalPrompt implements CredentialPrompt {
  private static Optional<Console> terminal() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal);
  }

  @Override
  public Optional<String> user(String host) {
    return terminal()
        .map(console -> console.readLine("User name for %s: ", Cells.plain(host)))
        .filter(name -> !name.isEmpty());
  }

  @Override
  public Optional<String> password(String user, String host) {
    return terminal()
        .map(console -> console.readPassword("Password of %s for %s: ", user, Cells.plain(host)))
        .map(String::new);
  }
}
