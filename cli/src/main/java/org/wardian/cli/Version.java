package org.wardian.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into this program. */
final class Version implements IVersionProvider {
  private static final String RESOURCE = "version.properties";

  /** Such as {@code 0.1.0}. */
  static String wardian() {
    try (InputStream stream = Version.class.getResourceAsStream(RESOURCE)) {
      Properties properties = new Properties();
      properties.load(stream);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE + " of this program", e);
    }
  }

  @Override
  public String[] getVersion() {
    return new String[] {"ward " + wardian()};
  }
}
