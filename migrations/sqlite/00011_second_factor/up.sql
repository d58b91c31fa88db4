-- When somebody last proved their second factor in this session.
ALTER TABLE sessions ADD COLUMN second_factor_at TEXT CHECK (second_factor_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z');

-- Codes by time (TOTP, RFC 6238): one secret for each person.
CREATE TABLE totp_factors (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id),
    -- The shared secret, encrypted: `<key id>$<nonce, AES-256-GCM>`.
    secret TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- NULL until a first code shows that the secret has arrived; only then it is asked for.
    confirmed_at TEXT CHECK (confirmed_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- The latest time step whose code was accepted: no code works twice.
    last_step INTEGER NOT NULL CHECK (last_step >= 0)
) STRICT;

-- For whoever has lost the device that makes the codes. Each works once.
CREATE TABLE recovery_codes (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    user_id INTEGER NOT NULL REFERENCES users (id),
    -- HMAC-SHA-256 of the code under a key of the server, hexadecimal.
    code_hash TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    used_at TEXT CHECK (used_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT recovery_codes_code_unique UNIQUE (user_id, code_hash)
) STRICT;

-- A login whose password was right and whose second factor is awaited.
CREATE TABLE login_challenges (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    user_id INTEGER NOT NULL REFERENCES users (id),
    -- SHA-256 of the challenge, hexadecimal.
    token_hash TEXT NOT NULL CONSTRAINT login_challenges_token_hash_unique UNIQUE,
    -- SHA-256 of the stored password hash that was compared: a new password ends the challenge.
    proved TEXT NOT NULL,
    -- Where the refresh token shall go.
    transport TEXT NOT NULL CHECK (transport IN ('body', 'cookie')),
    tries INTEGER NOT NULL CHECK (tries BETWEEN 0 AND 5),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    expires_at TEXT NOT NULL CHECK (expires_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    used_at TEXT CHECK (used_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX login_challenges_user ON login_challenges (user_id);
CREATE INDEX login_challenges_expiry ON login_challenges (expires_at);
