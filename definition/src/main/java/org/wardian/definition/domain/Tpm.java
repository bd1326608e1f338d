package org.wardian.definition.domain;

import java.util.Optional;
import org.wardian.definition.xml.XmlElement;

/** A trusted platform module: {@code <tpm>}. */
public final class Tpm extends DomainDevice {
  Tpm(XmlElement element) {
    super(element);
  }

  /** tpm-tis, tpm-crb, tpm-spapr. */
  public String model() {
    return element().attribute("model", "");
  }

  /** passthrough, emulator or external. */
  public String backend() {
    return attribute("backend", "type").orElse("");
  }

  /** 1.2 or 2.0. */
  public Optional<String> version() {
    return attribute("backend", "version");
  }

  /** The host's module of backend passthrough. */
  public Optional<String> device() {
    return element().find("backend/device").flatMap(found -> Values.attribute(found, "path"));
  }

  /** The socket of backend external. */
  public Optional<String> socket() {
    return element().find("backend/source").flatMap(found -> Values.attribute(found, "path"));
  }
}
