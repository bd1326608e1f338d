package org.wardian.libvirt.client;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.SecurityLayer;
import org.wardian.libvirt.sasl.DigestClient;
import org.wardian.libvirt.sasl.DigestServer;
import org.wardian.libvirt.sasl.SaslException;
import org.wardian.libvirt.sasl.SaslExchange;
import org.wardian.libvirt.sasl.ScramClient;
import org.wardian.libvirt.sasl.ScramServer;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.remote.AuthSaslStartArgs;
import org.wardian.libvirt.wire.remote.AuthSaslStartRet;
import org.wardian.libvirt.wire.remote.AuthSaslStepArgs;
import org.wardian.libvirt.wire.remote.AuthSaslStepRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Authenticates a client in the way that the daemon asks for. */
final class Login {
  private static final int NONE = 0;
  private static final int SASL = 1;
  private static final int POLKIT = 2;
  private static final byte[] NO_BYTES = {};

  private final RpcClient rpc;
  private final ConnectOptions options;
  private final ConnectionUri uri;

  Login(RpcClient rpc, ConnectOptions options, ConnectionUri uri) {
    this.rpc = rpc;
    this.uri = uri;
    this.options = options;
  }

  void perform() throws LibvirtException {
    int[] types = rpc.call(RemoteProgram.AUTH_LIST, Nothing.NOTHING).types();
    if (types.length == 0 || types[0] == NONE) {
      return;
    }
    switch (types[0]) {
      case SASL -> sasl();
      case POLKIT -> rpc.call(RemoteProgram.AUTH_POLKIT, Nothing.NOTHING);
      default -> throw failure("the daemon asks for authentication of kind " + types[0], null);
    }
  }

  private static LibvirtException failure(String why, Throwable cause) {
    return new LibvirtException(ErrorNumber.AUTH_FAILED, ErrorDomain.AUTH, why, cause);
  }

  private void sasl() throws LibvirtException {
    List<String> mechanisms =
        Arrays.asList(
            rpc.call(RemoteProgram.AUTH_SASL_INIT, Nothing.NOTHING).mechlist().split(","));
    if (!mechanisms.contains(ScramServer.NAME) && !mechanisms.contains(DigestServer.NAME)) {
      throw failure(
          "the daemon offers "
              + mechanisms
              + ", and only "
              + ScramServer.NAME
              + " and "
              + DigestServer.NAME
              + " are known here",
          null);
    }
    String host = uri.host() == null ? "localhost" : uri.host();
    AuthFile.Entry entry = entry(host);
    if (mechanisms.contains(ScramServer.NAME)) {
      new Exchange(new ScramClient(entry.user(), entry.password())).perform(ScramServer.NAME);
    } else {
      new Exchange(
              new DigestClient(
                  entry.user(), entry.password(), host, rpc.connection().peer().isPlain()))
          .perform(DigestServer.NAME);
    }
  }

  /** What the program gives counts before what the URI and the user's file say. */
  private AuthFile.Entry entry(String host) throws LibvirtException {
    String user = options.user();
    String password = options.password();
    if (user == null || password == null) {
      try {
        AuthFile.Entry kept =
            AuthFile.find(uri, System.getenv())
                .flatMap(file -> file.entry(host))
                .orElse(new AuthFile.Entry(null, null));
        // With ssh it is who logs in to the host.
        String named = uri.transport() == ConnectionUri.Transport.SSH ? null : uri.user();
        user = user == null ? named == null ? kept.user() : named : user;
        password = password == null ? kept.password() : password;
      } catch (IOException e) {
        throw failure("the file of passwords cannot be used: " + e, e);
      }
    }
    CredentialPrompt prompt = options.prompt();
    if (user == null && prompt != null) {
      user = prompt.user(host).orElse(null);
    }
    if (user != null && password == null && prompt != null) {
      password = prompt.password(user, host).orElse(null);
    }
    if (user == null || password == null) {
      throw failure(
          "the daemon asks for a name and a password, and none was given, nor is one in libvirt's"
              + " auth.conf for "
              + host,
          null);
    }
    return new AuthFile.Entry(user, password);
  }

  /** One authentication. What the daemon says is looked at before anything else is received. */
  private final class Exchange {
    private final SaslExchange own;
    private byte[] answer;
    private boolean complete;

    Exchange(SaslExchange own) {
      this.own = own;
    }

    void perform(String mechanism) throws LibvirtException {
      respond(null);
      rpc.call(
          RemoteProgram.AUTH_SASL_START,
          new AuthSaslStartArgs(mechanism, answer == null ? 1 : 0, bytes()),
          (AuthSaslStartRet got) -> take(got.complete() != 0, got.nil() != 0, got.data()));
      while (!complete) {
        rpc.call(
            RemoteProgram.AUTH_SASL_STEP,
            new AuthSaslStepArgs(answer == null ? 1 : 0, bytes()),
            (AuthSaslStepRet got) -> take(got.complete() != 0, got.nil() != 0, got.data()));
      }
    }

    private byte[] bytes() {
      return answer == null ? NO_BYTES : answer;
    }

    private void respond(byte[] data) throws LibvirtException {
      try {
        answer = own.respond(data);
      } catch (SaslException e) {
        throw failure(e.getMessage(), e);
      }
    }

    private void take(boolean last, boolean nothing, byte[] data) throws LibvirtException {
      if (!own.isComplete()) {
        respond(nothing ? null : data);
      } else if (!last) {
        throw failure("the daemon does not come to an end", null);
      }
      complete = last;
      if (!last) {
        return;
      }
      if (!own.isComplete()) {
        throw failure("the daemon has not proved that it knows the password", null);
      }
      SecurityLayer layer = own.layer();
      if (layer != null) {
        rpc.connection().secure(layer);
      }
    }
  }
}
