# SCRAM-SHA-256 (RFC 7677): the example of its section 3, with the server's last word as a challenge.
auth-in-clear
S: 220 *
C: EHLO client.test
S: ...
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
# No TLS: no binding.
C: AUTH SCRAM-SHA-256-PLUS
S: 504 5.5.4 *
# n,,n=user,r=rOprNGfwEbeRWgbNEkqO
C: AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=
S: 334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=
# A proof with one letter changed.
C: Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1lSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==
S: 535 5.7.8 *
# The exchange is over; without initial response; the right proof.
C: AUTH SCRAM-SHA-256
S: 334 
C: biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=
S: 334 cj1y*
C: Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==
S: 334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==
C:
S: 235 2.7.0 *
C: AUTH SCRAM-SHA-256
S: 503 5.5.1 *
