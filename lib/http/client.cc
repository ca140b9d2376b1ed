// SPDX-License-Identifier: MIT
#include "lib/http/client.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "lib/net/tls.h"

namespace jd::http {
namespace {
constexpr std::size_t max_headers = 64 << 10, max_url = 8192;
// Where distributions keep the authorities in one file: a directory could not be read after a chroot.
constexpr const char* bundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

using Store = std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)>;

Result<Store> authorities(const std::string& file) {
  Store store(X509_STORE_new(), X509_STORE_free);
  MUST(store);
  if (!file.empty()) {
    if (X509_STORE_load_file(store.get(), file.c_str()) != 1)
      return fail(Fault::usage, "cannot use the certificate authorities in {}: {}", file, net::tls_error());
    return store;
  }
  for (auto* b : bundles)
    if (X509_STORE_load_file(store.get(), b) == 1) break;
  ERR_clear_error();
  return store;
}

bool is_plain(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return !is_ctl(c) || c == '\t'; });
}

Error error_of(CURLcode code, const char* detail) {
  std::string text = *detail ? escape(detail) : curl_easy_strerror(code);
  bool is_final = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_FILESIZE_EXCEEDED;
  bool is_callers = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  return Error(is_callers ? Fault::usage : is_final ? Fault::perm : Fault::temp, text);
}

struct Url {
  std::string host;
  uint16_t port = 0;
};

std::string part(CURLU* u, CURLUPart which, unsigned flags = 0) {
  char* p = nullptr;
  if (curl_url_get(u, which, &p, flags) != CURLUE_OK) return "";
  std::string r = p;
  curl_free(p);
  return r;
}

Result<Url> parse_url(const std::string& text) {
  if (text.size() > max_url || !is_plain(text)) return fail(Fault::usage, "not a URL");
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> u(curl_url(), curl_url_cleanup);
  MUST(u);
  if (curl_url_set(u.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return fail(Fault::usage, "not a URL");
  std::string scheme = part(u.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return fail(Fault::usage, "only http and https URLs are fetched");
  if (!part(u.get(), CURLUPART_USER).empty()) return fail(Fault::usage, "a URL must not name a user");
  auto port = to_number(part(u.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
  Url r{part(u.get(), CURLUPART_HOST), static_cast<uint16_t>(port.value_or(0))};
  if (r.host.empty() || !port) return fail(Fault::usage, "a URL needs a host");
  return r;
}

bool is_ip(std::string host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return net::Address::of(host, 1).has_value();
}
}  // namespace

std::string_view Response::header(std::string_view name) const {
  for (auto& [k, v] : headers)
    if (k == name) return v;
  return "";
}

struct Client::Impl {
  struct Transfer {
    Impl* client = nullptr;
    uint64_t id = 0;
    Request request;
    std::function<void(Result<Response>)> done;
    Response response;
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    curl_slist* addresses = nullptr;
    std::size_t header_bytes = 0;
    bool too_large = false, is_added = false;
    char detail[CURL_ERROR_SIZE] = "";
    ~Transfer() {
      if (easy && is_added) curl_multi_remove_handle(client->multi, easy);
      if (easy) curl_easy_cleanup(easy);
      curl_slist_free_all(headers);
      curl_slist_free_all(addresses);
    }
  };
  struct Socket {
    Socket(Impl& c, curl_socket_t f) : fd(f), watch(c.loop, [&c, f](uint32_t events) { c.ready(f, events); }) {}
    curl_socket_t fd;
    net::Watch watch;
  };

  Impl(net::Loop& l, Options o, Store s) : loop(l), options(std::move(o)), store(std::move(s)), timer(l, [this] { act(CURL_SOCKET_TIMEOUT, 0); }) {
    static const bool is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    multi = curl_multi_init();
    MUST(is_ready && multi);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 16L);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  }
  ~Impl() {
    transfers.clear();
    curl_multi_cleanup(multi);
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int on_timer(CURLM*, long ms, void* self);
  static std::size_t on_header(char* p, std::size_t, std::size_t n, void* t);
  static std::size_t on_body(char* p, std::size_t, std::size_t n, void* t);
  static CURLcode on_tls(CURL*, void* ctx, void* self);
  void ready(curl_socket_t fd, uint32_t events);
  void act(curl_socket_t fd, int events);
  void collect();
  void begin(uint64_t id);
  void start(Transfer& t);
  void set_options(Transfer& t);
  void finish(uint64_t id, Result<Response> r);

  net::Loop& loop;
  Options options;
  Store store;
  net::Timer timer;
  CURLM* multi = nullptr;
  std::map<curl_socket_t, std::unique_ptr<Socket>> sockets;
  std::map<uint64_t, std::unique_ptr<Transfer>> transfers;
  uint64_t last = 0;
  std::shared_ptr<int> alive = std::make_shared<int>(0);
};

int Client::Impl::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& c = *static_cast<Impl*>(self);
  if (what == CURL_POLL_REMOVE) {
    if (auto i = c.sockets.find(fd); i != c.sockets.end()) {
      i->second->watch.stop();  // libcurl closes it next; the Watch may be the one that called us
      c.loop.post([keep = std::shared_ptr<Socket>(std::move(i->second))] {});
      c.sockets.erase(i);
    }
    return 0;
  }
  auto& s = c.sockets[fd];
  if (!s) s = std::make_unique<Socket>(c, fd);
  uint32_t events = (what & CURL_POLL_IN ? static_cast<uint32_t>(EPOLLIN) : 0u) | (what & CURL_POLL_OUT ? static_cast<uint32_t>(EPOLLOUT) : 0u);
  Status r = s->watch.is_running() ? s->watch.change(events) : s->watch.start(fd, events);
  return r ? 0 : -1;
}

int Client::Impl::on_timer(CURLM*, long ms, void* self) {
  auto& c = *static_cast<Impl*>(self);
  if (ms < 0) c.timer.stop();
  else c.timer.start(milliseconds(ms));
  return 0;
}

std::size_t Client::Impl::on_header(char* p, std::size_t, std::size_t n, void* arg) {
  auto& t = *static_cast<Transfer*>(arg);
  std::string_view line = trim({p, n});
  t.header_bytes += n;
  if (t.header_bytes > max_headers) {
    t.too_large = true;
    return 0;
  }
  if (istarts_with(line, "HTTP/")) {  // another answer: after 100 Continue or a redirect
    t.response.headers.clear();
    t.response.body.clear();
  } else if (auto kv = split_once(line, ':')) {
    t.response.headers.emplace_back(lower(trim(kv->first)), std::string(trim(kv->second)));
  }
  return n;
}

std::size_t Client::Impl::on_body(char* p, std::size_t, std::size_t n, void* arg) {
  auto& t = *static_cast<Transfer*>(arg);
  if (t.response.body.size() + n > t.request.max_body) {
    t.too_large = true;
    return 0;
  }
  t.response.body.append(p, n);
  return n;
}

// Read once, not at each connection; and there is no file to read after a chroot.
CURLcode Client::Impl::on_tls(CURL*, void* ctx, void* self) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(ctx), static_cast<Impl*>(self)->store.get());
  return CURLE_OK;
}

void Client::Impl::ready(curl_socket_t fd, uint32_t events) {
  int what = 0;
  if (events & (EPOLLIN | EPOLLHUP)) what |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) what |= CURL_CSELECT_OUT;
  if (events & EPOLLERR) what |= CURL_CSELECT_ERR;
  act(fd, what);
}

void Client::Impl::act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi, fd, events, &running);
  collect();
}

void Client::Impl::collect() {
  std::weak_ptr<int> here = alive;
  int left = 0;
  while (CURLMsg* m = curl_multi_info_read(multi, &left)) {
    if (m->msg != CURLMSG_DONE) continue;
    void* arg = nullptr;
    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &arg);
    auto& t = *static_cast<Transfer*>(arg);
    CURLcode code = m->data.result;
    if (t.too_large) {
      finish(t.id, fail(Fault::perm, "the answer is larger than {} bytes", t.request.max_body));
    } else if (code != CURLE_OK) {
      finish(t.id, Unexpected(error_of(code, t.detail)));
    } else {
      long status = 0;
      curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
      t.response.status = static_cast<int>(status);
      finish(t.id, std::move(t.response));
    }
    if (here.expired()) return;
  }
}

void Client::Impl::finish(uint64_t id, Result<Response> r) {
  auto i = transfers.find(id);
  if (i == transfers.end()) return;
  auto done = std::move(i->second->done);
  transfers.erase(i);
  done(std::move(r));
}

void Client::Impl::begin(uint64_t id) {
  auto i = transfers.find(id);
  if (i == transfers.end()) return;
  Transfer& t = *i->second;
  auto url = parse_url(t.request.url);
  if (!url) return finish(id, Unexpected(url.error()));
  for (auto& [k, v] : t.request.headers)
    if (!is_plain(k) || !is_plain(v)) return finish(id, fail(Fault::usage, "a header has a control character"));
  if (!options.resolve || is_ip(url->host)) return start(t);
  options.resolve(url->host, url->port, [this, id, u = *url, here = std::weak_ptr<int>(alive)](Result<std::vector<net::Address>> found) {
    if (here.expired()) return;
    auto at = transfers.find(id);
    if (at == transfers.end()) return;
    if (!found) return finish(id, Unexpected(found.error()));
    if (found->empty()) return finish(id, fail(Fault::temp, "{} has no address", u.host));
    std::string entry = fmt::format("+{}:{}:", u.host, u.port), between;
    for (auto& a : *found) {
      entry += between + (a.family() == AF_INET6 ? "[" + a.ip() + "]" : a.ip());
      between = ",";
    }
    at->second->addresses = curl_slist_append(nullptr, entry.c_str());
    start(*at->second);
  });
}

void Client::Impl::set_options(Transfer& t) {
  CURL* e = t.easy;
  auto set = [e](CURLoption o, auto v) { curl_easy_setopt(e, o, v); };
  set(CURLOPT_PRIVATE, &t);
  set(CURLOPT_URL, t.request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, t.request.url.starts_with("https:") ? "https" : "http,https");
  set(CURLOPT_FOLLOWLOCATION, t.request.max_redirects > 0 ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, static_cast<long>(t.request.max_redirects));
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(t.request.within.ms(), 1)));
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_ERRORBUFFER, t.detail);
  set(CURLOPT_HEADERFUNCTION, on_header);
  set(CURLOPT_HEADERDATA, &t);
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, &t);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_CAINFO, static_cast<char*>(nullptr));
  set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  set(CURLOPT_SSL_CTX_FUNCTION, on_tls);
  set(CURLOPT_SSL_CTX_DATA, this);
  if (t.headers) set(CURLOPT_HTTPHEADER, t.headers);
  if (t.addresses) set(CURLOPT_RESOLVE, t.addresses);
  if (t.request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (t.request.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, t.request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.request.body.size()));
  }
}

void Client::Impl::start(Transfer& t) {
  t.easy = curl_easy_init();
  MUST(t.easy);
  for (auto& [k, v] : t.request.headers) {
    // "name;" is how libcurl is told of an empty value.
    curl_slist* more = curl_slist_append(t.headers, v.empty() ? (k + ";").c_str() : (k + ": " + v).c_str());
    if (more) t.headers = more;
  }
  if (t.request.method == "POST") t.headers = curl_slist_append(t.headers, "Expect:");
  set_options(t);
  if (curl_multi_add_handle(multi, t.easy) != CURLM_OK) return finish(t.id, fail(Fault::temp, "cannot begin a transfer"));
  t.is_added = true;
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() { impl_->alive.reset(); }

Result<std::unique_ptr<Client>> Client::open(net::Loop& loop, Options options) {
  TRY(Store store, authorities(options.ca_file));
  return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(loop, std::move(options), std::move(store))));
}

uint64_t Client::request(Request request, std::function<void(Result<Response>)> done) {
  uint64_t id = ++impl_->last;
  auto t = std::make_unique<Impl::Transfer>();
  t->client = impl_.get();
  t->id = id;
  t->request = std::move(request);
  t->done = std::move(done);
  impl_->transfers[id] = std::move(t);
  impl_->loop.post([c = impl_.get(), id, here = std::weak_ptr<int>(impl_->alive)] {
    if (!here.expired()) c->begin(id);
  });
  return id;
}

void Client::cancel(uint64_t handle) { impl_->transfers.erase(handle); }
std::size_t Client::waiting() const { return impl_->transfers.size(); }

}  // namespace jd::http
