package org.wardian.cli.manage;

import java.io.IOException;
import java.util.Map;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.libvirt.client.ClientSettings;
import org.wardian.libvirt.client.ConnectOptions;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.ConnectionUri;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Option;

/** {@code --connect}, the same for every verb that talks to a daemon. */
public final class ConnectOption {
  @Option(
      names = {"-c", "--connect"},
      paramLabel = "URI",
      description =
          "The daemon, such as qemu:///session or qemu+tls://host/system. Without it $$WARDIAN_URI,"
              + " $$LIBVIRT_DEFAULT_URI, qemu:///system where it answers, else qemu:///session,"
              + " whose daemon is started where none runs.")
  private String uri;

  @Option(
      names = {"-r", "--read-only"},
      description = "Connect only to look: the daemon refuses whatever would change something.")
  private boolean readOnly;

  /** Made by picocli. */
  public ConnectOption() {}

  /**
   * Connects.
   *
   * @throws Failure where no daemon answers, or it does not let this user in
   */
  Connection open() {
    try {
      ClientSettings settings = ClientSettings.ofThisProcess();
      String given = uri == null ? DefaultUri.of(settings).choose() : uri;
      return open(settings.resolve(given), readOnly);
    } catch (IOException e) {
      throw new Failure(ExitStatus.STORAGE, e.getMessage(), e);
    }
  }

  private static Connection open(String uri, boolean readOnly) {
    ConnectionUri parsed;
    try {
      parsed = ConnectionUri.parse(uri);
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.USAGE, "--connect: " + e.getMessage(), e);
    }
    ConnectOptions usual = ConnectOptions.DEFAULT.withPrompt(new TerminalPrompt());
    ConnectOptions options = readOnly ? usual.withReadOnly() : usual;
    OwnDaemon own = OwnDaemon.ofThisProcess(Map.copyOf(System.getenv()));
    if (own.serves(parsed)) {
      own.startUnlessItAnswers();
    }
    try {
      return Connection.open(uri, options);
    } catch (LibvirtException e) {
      throw Refusals.atOpening(uri, e);
    }
  }
}
