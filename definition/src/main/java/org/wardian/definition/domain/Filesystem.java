package org.wardian.definition.domain;

import java.util.Optional;
import org.wardian.definition.xml.XmlElement;

/** A folder of the host in the guest: {@code <filesystem>}. */
public final class Filesystem extends DomainDevice {
  Filesystem(XmlElement element) {
    super(element);
  }

  /** mount, template, file, block, ram, bind, volume. */
  public String type() {
    return element().attribute("type", "mount");
  }

  /** path (9p: 9P protocol) or virtiofs. */
  public String driver() {
    return attribute("driver", "type").orElse("path");
  }

  /** passthrough, mapped or squash. */
  public String accessMode() {
    return element().attribute("accessmode", "passthrough");
  }

  /** The folder of the host. */
  public Optional<String> source() {
    return attribute("source", "dir");
  }

  /** The socket of a server of virtiofs that the host has running. */
  public Optional<String> socket() {
    return attribute("source", "socket");
  }

  /** The tag that the guest mounts by. */
  public String target() {
    return attribute("target", "dir").orElse("");
  }

  /** Whether the guest may only read. */
  public boolean isReadOnly() {
    return has("readonly");
  }
}
